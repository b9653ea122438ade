import type { SchemaFault } from '../../../schemas/validators.js';

const STATUS_LINES = {
  200: '200 OK',
  202: '202 Accepted',
  400: '400 Bad Request',
  401: '401 Unauthorized',
  404: '404 Not Found',
  405: '405 Method Not Allowed',
  408: '408 Request Timeout',
  413: '413 Content Too Large',
  422: '422 Unprocessable Content',
  431: '431 Request Header Fields Too Large',
  503: '503 Service Unavailable',
} as const;

export type Status = keyof typeof STATUS_LINES;

/** A response, ready to be written. Constant responses are created once. */
export type Answer = {
  readonly statusLine: string;
  readonly contentType: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
};

export function answer(status: Status, contentType: string, body: string, headers: Answer['headers'] = []): Answer {
  return { statusLine: STATUS_LINES[status], contentType, headers, body };
}

export function json(status: Status, body: object): Answer {
  return answer(status, 'application/json', JSON.stringify(body));
}

/** Problem types, by the last part of their URN. More specific than the status. */
export type ProblemType =
  | 'not-json'
  | 'not-utf8'
  | 'framing'
  | 'schema'
  | 'unknown-event'
  | 'unauthorized'
  | 'not-found'
  | 'method-not-allowed'
  | 'too-slow'
  | 'too-large'
  | 'rejected'
  | 'head-too-large'
  | 'unavailable'
  | 'overload';

export type Problem = {
  readonly status: Status;
  readonly type: ProblemType;
  readonly title: string;
  readonly detail: string;
  readonly errors?: readonly SchemaFault[];
  readonly headers?: Answer['headers'];
};

/** Problem details (RFC 9457). Of the request, they may contain only the paths of faults. */
export function problem({ status, type, title, detail, errors, headers }: Problem): Answer {
  const document = {
    type: `urn:pathors-session-stream:problem:${type}`,
    title,
    status,
    detail,
    ...(errors && { errors }),
  };
  return answer(status, 'application/problem+json', JSON.stringify(document), headers);
}
