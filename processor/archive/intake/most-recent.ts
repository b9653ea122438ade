/** A set that holds the last strings that were added, and no more than `most`. */
export class MostRecent {
  private readonly strings = new Set<string>();

  constructor(private readonly most: number) {}

  has(string: string): boolean {
    return this.strings.has(string);
  }

  add(string: string): void {
    this.strings.delete(string);
    this.strings.add(string);
    const [oldest] = this.strings;
    if (this.strings.size > this.most && oldest !== undefined) this.strings.delete(oldest);
  }
}
