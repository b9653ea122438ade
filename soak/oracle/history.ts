import type { JoinRules } from '../../processor/join/rules/rules.js';
import type { SessionEventValue } from '../../schemas/validators.js';

/** An event as it was sent to `session.events`. `id`: its `ce_id`, one for each send. */
export type SentEvent = { readonly id: string; readonly sessionId: string; readonly isAcknowledged: boolean };

/** A record of `session.events`; `event` is undefined where nothing can be joined from it. */
export type LogRecord = {
  readonly id: string;
  readonly partition: number;
  readonly offset: number;
  /** LogAppendTime, ms. */
  readonly timestamp: number;
  readonly event: SessionEventValue | undefined;
};

export type OutputKind = 'complete' | 'amended' | 'incomplete';

/** A record of an output topic. */
export type OutputRead = {
  readonly kind: OutputKind;
  /** `ce_id`. */
  readonly id: string;
  readonly sessionId: string;
  readonly partition: number;
  readonly offset: number;
  /** When its writer made it, ms. */
  readonly timestamp: number;
  readonly record: Readonly<Record<string, unknown>>;
};

/** A dead letter, by the record that it is of. */
export type DeadLetterRead = { readonly partition: number; readonly sourceOffset: number };

/** What was sent, and what a read_committed consumer read afterwards, in order within each partition. */
export type History = {
  readonly sent: readonly SentEvent[];
  readonly log: readonly LogRecord[];
  readonly outputs: readonly OutputRead[];
  readonly deadLetters: readonly DeadLetterRead[];
  /** The phase of each session as a replay of the changelog shows it. */
  readonly phases: ReadonlyMap<string, string>;
  /** What another read_committed consumer saw of the output topics: `<kind>/<partition>/<offset>`. Absent: nobody looked. */
  readonly seenByOther?: ReadonlySet<string>;
  readonly rules: JoinRules;
  /** Log time up to which timers have fired. */
  readonly until: number;
};

/** What can be wrong with a history. */
export type ViolationKind = 'lost' | 'duplicate' | 'torn' | 'reordered' | 'aborted' | 'phantom';
export type Violation = { readonly kind: ViolationKind; readonly sessionId: string; readonly detail: string };

export function placeOf({ kind, partition, offset }: Pick<OutputRead, 'kind' | 'partition' | 'offset'>): string {
  return `${kind}/${partition}/${offset}`;
}
