/**
 * Counts recordings that started out of turn: at least `window` others with an earlier deadline had not started, so one of them must
 * have been waiting. Fewer than that may have been picked already, with their requests on the way to the source.
 *
 * @param dues the deadline of each, in the order of their starts; any unit.
 * @param window maximum of recordings in progress at once. The first `window` starts do not count: later ones were not known yet.
 */
export function startsOutOfTurn(dues: readonly number[], window: number): number {
  const started = dues.slice(window);
  return started.filter((due, place) => started.slice(place + 1).filter((later) => later < due).length >= window)
    .length;
}
