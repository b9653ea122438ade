import type { JoinRules } from '../../processor/join/rules/rules.js';
import type { SessionEventValue } from '../../schemas/validators.js';

/** An event sent to `session.events`. Its `id` is its `ce_id`, a new one for each send. */
export type SentEvent = { readonly id: string; readonly sessionId: string; readonly isAcknowledged: boolean };

/** A record of `session.events`. `event` is undefined when it cannot be joined. */
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
  /** When its writer created it, ms. */
  readonly timestamp: number;
  readonly record: Readonly<Record<string, unknown>>;
};

/** A dead letter, identified by its original record. */
export type DeadLetterRead = { readonly partition: number; readonly sourceOffset: number };

/** The events sent, and everything that a read_committed consumer read afterwards, in order within each partition. */
export type History = {
  readonly sent: readonly SentEvent[];
  readonly log: readonly LogRecord[];
  readonly outputs: readonly OutputRead[];
  readonly deadLetters: readonly DeadLetterRead[];
  /** The phase of each session, from a replay of the changelog. */
  readonly phases: ReadonlyMap<string, string>;
  /** Output records that another read_committed consumer saw, as `<kind>/<partition>/<offset>`; absent without such a consumer. */
  readonly seenByOther?: ReadonlySet<string>;
  readonly rules: JoinRules;
  /** Log time up to which timers have fired. */
  readonly until: number;
};

/** Kinds of errors in a history. */
export type ViolationKind = 'lost' | 'duplicate' | 'torn' | 'reordered' | 'aborted' | 'phantom';
export type Violation = { readonly kind: ViolationKind; readonly sessionId: string; readonly detail: string };

export function placeOf({ kind, partition, offset }: Pick<OutputRead, 'kind' | 'partition' | 'offset'>): string {
  return `${kind}/${partition}/${offset}`;
}
