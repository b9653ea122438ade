export type LatencySummary = { readonly p50: number; readonly p99: number; readonly max: number };

/** Durations in milliseconds. All are kept, so percentiles are exact. */
export class Latencies {
  private values = new Float64Array(65_536);
  private count = 0;

  add(ms: number): void {
    if (this.count === this.values.length) {
      const larger = new Float64Array(this.values.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.count++] = ms;
  }

  summary(): LatencySummary {
    const sorted = this.values.slice(0, this.count).sort();
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
    return { p50: at(0.5), p99: at(0.99), max: at(1) };
  }
}
