/**
 * Whether a parsed JSON value nests deeper than `levels`. JSON.parse accepts any depth, but JSON.stringify on Node 20 throws a
 * RangeError beyond some thousand levels.
 */
export function nestsDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((child) => nestsDeeperThan(child, levels - 1));
}
