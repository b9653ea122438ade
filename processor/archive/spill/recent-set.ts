/** A set of the strings that were added last, at most `maxSize` of them. */
export class RecentSet {
  private readonly strings = new Set<string>();

  constructor(private readonly maxSize: number) {}

  has(string: string): boolean {
    return this.strings.has(string);
  }

  add(string: string): void {
    this.strings.delete(string);
    this.strings.add(string);
    const [oldest] = this.strings;
    if (this.strings.size > this.maxSize && oldest !== undefined) this.strings.delete(oldest);
  }
}
