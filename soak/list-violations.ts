const MAX_LISTED = 20;
const MAX_DETAIL_CHARACTERS = 600;

/**
 * Lists the first violations, one a line.
 * @param what names the subject of a violation: a session, an object.
 */
export function listViolations<V extends { readonly kind: string; readonly detail: string }>(
  violations: readonly V[],
  what: (violation: V) => string,
): string {
  const lines = violations
    .slice(0, MAX_LISTED)
    .map((one) => `VIOLATION ${one.kind} ${what(one)}: ${one.detail.slice(0, MAX_DETAIL_CHARACTERS)}\n`);
  const more = violations.length - lines.length;
  return lines.join('') + (more > 0 ? `… and ${more} more\n` : '');
}
