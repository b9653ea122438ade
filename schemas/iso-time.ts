let lastMs = NaN;
let lastText = '';

/** A time in ms since the epoch as ISO 8601. Under load many events share a millisecond, and its text costs as much as half their JSON. */
export function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastText = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastText;
}
