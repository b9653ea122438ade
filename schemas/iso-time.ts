let lastMs = NaN;
let lastText = '';

/** Formats ms since the epoch as ISO 8601. Remembers the last result: under load many events share a millisecond, and formatting is slow. */
export function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastText = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastText;
}
