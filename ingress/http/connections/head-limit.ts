/** Limit of uWebSockets.js as a multiple of ours, so that heads in between are answered and counted by us. */
const LIBRARY_MARGIN = 2;

/**
 * Makes uWebSockets.js accept heads of `maxHeadBytes` and more. Call it before the library is loaded, because it reads this variable once.
 * It answers heads of more than twice the limit itself, with 431.
 */
export function raiseHeadLimit(maxHeadBytes: number): void {
  process.env['UWS_HTTP_MAX_HEADERS_SIZE'] = String(LIBRARY_MARGIN * maxHeadBytes);
}
