import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A recording source on loopback with scripted answers. Records the requests. */
export class FaultySource {
  readonly requests: IncomingMessage[] = [];
  private readonly answers = new Map<string, Answer[]>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<FaultySource> {
    const server = createServer();
    const source = new FaultySource(server);
    server.on('request', source.answer);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => source.stop());
    return source;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Sets the answers to requests for a path, in order; the last one repeats. @returns the link. */
  serve(path: string, ...answers: Answer[]): string {
    this.answers.set(path, answers);
    return `http://${this.host}${path}?token=very-secret`;
  }

  count(path: string): number {
    return this.requests.filter(({ url }) => url?.startsWith(path)).length;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private readonly answer: RequestListener = (request, response) => {
    this.requests.push(request);
    response.on('error', () => undefined);
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const answers = this.answers.get(path) ?? [];
    const next = answers.length > 1 ? answers.shift() : answers[0];
    if (next === undefined) response.writeHead(404).end();
    else next(request, response);
  };
}

/** Sends the whole body, with length, strong ETag and ranges. */
export function whole(body: Buffer, headers: Record<string, string> = {}): Answer {
  return (request, response) => {
    const etag = '"v1"';
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const start = range !== null && request.headers['if-range'] === etag ? Number(range[1]) : 0;
    if (start >= body.length) {
      response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
      return;
    }
    const rest = body.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-type': 'audio/wav',
      'content-length': rest.length,
      'accept-ranges': 'bytes',
      etag,
      ...(start > 0 && { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` }),
      ...headers,
    });
    response.end(rest);
  };
}

/** Announces the whole body, sends a part of it and cuts the connection. */
export function cutAfter(body: Buffer, bytes: number, headers: Record<string, string> = { etag: '"v1"' }): Answer {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'audio/wav', 'content-length': body.length, ...headers });
    response.write(body.subarray(0, bytes), () => setImmediate(() => response.destroy()));
  };
}

/** Sends a part of the body, then nothing, and keeps the connection open. */
export function stallAfter(body: Buffer, bytes: number): Answer {
  return (_request, response) => {
    response.writeHead(200, { 'content-length': body.length });
    response.write(body.subarray(0, bytes));
  };
}

export function status(code: number, headers: Record<string, string> = {}, body = ''): Answer {
  return (_request, response) => response.writeHead(code, headers).end(body);
}

export function redirect(location: string, code = 302): Answer {
  return status(code, { location });
}

export function page(body: string, contentType: string): Answer {
  return status(200, { 'content-type': contentType }, body);
}
