import { problem, type Answer } from './answer.js';

export const NOT_FOUND = problem({
  status: 404,
  type: 'not-found',
  title: 'Not found',
  detail: 'See /openapi.json for the available paths.',
});

export function methodNotAllowed(allow: string): Answer {
  return problem({
    status: 405,
    type: 'method-not-allowed',
    title: 'Method not allowed',
    detail: `Allowed: ${allow}.`,
    headers: [['Allow', allow]],
  });
}

export function badFraming(detail: string): Answer {
  return problem({
    status: 400,
    type: 'framing',
    title: 'Ambiguous framing',
    detail: `${detail}. Nothing was kept.`,
  });
}

export function headTooLarge(maxHeadBytes: number): Answer {
  return problem({
    status: 431,
    type: 'head-too-large',
    title: 'Request head too large',
    detail: `Request line and header fields may have at most ${maxHeadBytes} bytes together. Nothing was kept.`,
  });
}
