import { isDeepStrictEqual } from 'node:util';
import type { SessionComplete } from '../../schemas/generated/types.js';
import { decodeWire } from '../../schemas/wire-format.js';
import type { Backlog } from './backlog.js';
import { sessionOf } from './call-sessions.js';

/** Faults in a contender's output; all zero if it is correct. */
export type OutputFaults = {
  /** Sessions without a joined record. */
  readonly missing: number;
  /** Joined records after the first of a session. */
  readonly repeated: number;
  /** Joined records with wrong content, or that cannot be decoded. */
  readonly wrong: number;
  /** Records in the topics for amended sessions, incomplete sessions and dead letters, which must stay empty. */
  readonly unexpected: number;
};

/** Checks that a contender wrote exactly one correct record for each session. */
export class OutputCheck {
  private readonly seen: Uint8Array;
  private repeated = 0;
  private wrong = 0;
  private unexpected = 0;

  constructor(
    private readonly backlog: Pick<Backlog, 'sessions' | 'expected'>,
    private readonly schemaId: number,
  ) {
    this.seen = new Uint8Array(backlog.sessions);
  }

  completeRecord(key: string, value: Buffer | null): void {
    const session = sessionOf(key);
    if (session === undefined || session >= this.seen.length) {
      this.wrong += 1;
      return;
    }
    if (this.seen[session] === 1) this.repeated += 1;
    this.seen[session] = 1;
    if (!this.isCorrect(session, value)) this.wrong += 1;
  }

  /** Counts a record in a topic that must stay empty. */
  unexpectedRecord(): void {
    this.unexpected += 1;
  }

  faults(): OutputFaults {
    const missing = this.seen.reduce((sum, flag) => sum + (flag === 0 ? 1 : 0), 0);
    return { missing, repeated: this.repeated, wrong: this.wrong, unexpected: this.unexpected };
  }

  private isCorrect(session: number, value: Buffer | null): boolean {
    const wire = value === null ? undefined : decodeWire(value);
    if (wire?.schemaId !== this.schemaId) return false;
    try {
      const { completedAt, ...record } = JSON.parse(wire.json.toString()) as SessionComplete;
      return !Number.isNaN(Date.parse(completedAt)) && isDeepStrictEqual(record, this.backlog.expected(session));
    } catch {
      return false;
    }
  }
}

export function isFaultless({ missing, repeated, wrong, unexpected }: OutputFaults): boolean {
  return missing + repeated + wrong + unexpected === 0;
}

export function describeFaults(faults: OutputFaults): string {
  const kinds = Object.entries(faults)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} ${kind}`);
  return kinds.length === 0 ? 'exact' : kinds.join(', ');
}
