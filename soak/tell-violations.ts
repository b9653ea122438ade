const MOST_TOLD = 20;
const MOST_CHARACTERS = 600;

/** The first violations, in words. @param what it was about: a session, an object. */
export function tellViolations<V extends { readonly kind: string; readonly detail: string }>(
  violations: readonly V[],
  what: (violation: V) => string,
): string {
  const lines = violations
    .slice(0, MOST_TOLD)
    .map((one) => `VIOLATION ${one.kind} ${what(one)}: ${one.detail.slice(0, MOST_CHARACTERS)}\n`);
  const more = violations.length - lines.length;
  return lines.join('') + (more > 0 ? `… ${more} more\n` : '');
}
