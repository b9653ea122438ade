/** Runs one piece of asynchronous work at a time, in the order of arrival. */
export class Mutex {
  private last: Promise<unknown> = Promise.resolve();

  /** Runs `work` once everything before it has settled, whether it succeeded or failed. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work, work);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}
