/**
 * Whether a parsed JSON value nests deeper than `levels`. JSON.parse takes any depth, JSON.stringify does not: on Node 20 it throws a
 * RangeError from some thousand levels on.
 */
export function nestsDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((child) => nestsDeeperThan(child, levels - 1));
}
