/** Wakes everyone who waits, again and again. A notification that nobody waits for is lost: check the condition, then wait. */
export class Wakeup {
  private wake = (): void => undefined;
  private next = this.make();

  /** Resolves at the next {@link notify}. */
  wait(): Promise<void> {
    return this.next;
  }

  notify(): void {
    const { wake } = this;
    this.next = this.make();
    wake();
  }

  private make(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }
}
