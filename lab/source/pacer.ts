import { setTimeout as delay } from 'node:timers/promises';

/** What a timer of Node can be late by: shorter waits are saved up. */
const LEAST_WAIT_MS = 4;

/** Lets so many bytes a second pass, those of all who share it together, whoever asks first going first. */
export class Pacer {
  private nextAt = 0;

  constructor(private readonly bytesPerSecond: number) {}

  /** Resolves when the bytes may be sent. */
  async pass(bytes: number): Promise<void> {
    const now = performance.now();
    const at = Math.max(now, this.nextAt);
    this.nextAt = at + (bytes / this.bytesPerSecond) * 1000;
    if (at - now >= LEAST_WAIT_MS) await delay(at - now);
  }
}
