/**
 * How many recordings began though one that is due sooner began later, by more places than are begun at the same time anyway.
 *
 * @param dues when each is due, in the order in which they began; any unit.
 * @param window recordings that are under way at once. The first so many do not count: others were not known yet.
 */
export function startsOutOfOrder(dues: readonly number[], window: number): number {
  let soonest = Infinity;
  let count = 0;
  for (let place = dues.length - 1; place >= window; place -= 1) {
    soonest = Math.min(soonest, dues[place + window] ?? Infinity);
    if (soonest < (dues[place] ?? Infinity)) count += 1;
  }
  return count;
}
