/** Lets one piece of asynchronous work through at a time, in the order of arrival. */
export class Turnstile {
  private last: Promise<unknown> = Promise.resolve();

  /** Runs `work` after everything that came before has settled, well or badly. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work, work);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}
