/** Lets any number of waits go on at once, again and again. */
export class Signal {
  private goOn = (): void => undefined;
  private next = this.make();

  /** Resolves at the next {@link raise}. */
  wait(): Promise<void> {
    return this.next;
  }

  raise(): void {
    const { goOn } = this;
    this.next = this.make();
    goOn();
  }

  private make(): Promise<void> {
    return new Promise((resolve) => (this.goOn = resolve));
  }
}
