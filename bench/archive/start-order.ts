/**
 * How many recordings began out of turn: while so many that were due sooner had not begun that one of them must have been waiting. Fewer
 * may be in hand already, on their way to the source.
 *
 * @param dues when each is due, in the order in which they began; any unit.
 * @param window recordings that can be in hand at once. The first so many do not count: others were not known yet.
 */
export function startsOutOfTurn(dues: readonly number[], window: number): number {
  const begun = dues.slice(window);
  return begun.filter((due, place) => begun.slice(place + 1).filter((later) => later < due).length >= window).length;
}
