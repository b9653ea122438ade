import type { Recording, SessionComplete, SessionFinalized } from '../../../schemas/generated/types.js';

/** T while it is being built. */
export type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Milliseconds since the epoch, in log time. */
export type Millis = number;

/** The sender's timestamps, as sent; absent for events not seen. Of redeliveries the earliest counts. */
export type Timeline = {
  readonly sessionEnded?: string | undefined;
  readonly callEnded?: string | undefined;
  readonly sessionFinalized?: string | undefined;
  readonly recordingReady?: string | undefined;
};

/** The outcome of a settled recording, as the joined record shows it. */
export type SettledRecording =
  Extract<Recording, { outcome: 'archived' | 'archive_failed' }> | { readonly outcome: 'provider_failed' };

/** The fields of `session.finalized` that the joined record keeps. A call has both call fields, a text session has neither. */
export type Finalized = Pick<
  SessionFinalized,
  'projectId' | 'currentNodeId' | 'messagesCount' | 'extractedVariables'
> & {
  readonly callStatus?: string;
  readonly callDuration?: number;
};

/** Content of the events before `session.finalized`, kept for the incomplete record. */
export type Fragments = {
  readonly projectId?: string | undefined;
  readonly ended?: Pick<SessionFinalized, 'currentNodeId' | 'messagesCount' | 'extractedVariables'> | undefined;
  readonly call?: { readonly status: string; readonly durationSeconds: number } | undefined;
};

type Gathered = {
  readonly timeline: Timeline;
  readonly recording?: SettledRecording | undefined;
  /** When the last announced link expires; absent while none was announced. */
  readonly linkDiesAt?: Millis | undefined;
};

/** Events have arrived, but not `session.finalized`. */
export type Open = Gathered & Fragments & { readonly phase: 'open'; readonly firstEventAt: Millis };

/** Not finalized in time, and reported as incomplete. A late `session.finalized` still completes it. */
export type GivenUp = Gathered & Fragments & { readonly phase: 'given-up'; readonly givenUpAt: Millis };

/** A finalized call whose recording has not settled. */
export type AwaitingRecording = Gathered & {
  readonly phase: 'awaiting-recording';
  readonly finalized: Finalized;
  readonly finalizedAt: Millis;
};

export type Unfinished = Open | GivenUp | AwaitingRecording;

/** The joined record has been written. `latest` is kept only while a recording could still amend it. */
export type Completed = {
  readonly phase: 'completed';
  readonly completedAt: Millis;
  readonly latest?: SessionComplete | undefined;
};

/**
 * The join's knowledge of one session. Without a state, the session is new or forgotten.
 *
 * ```
 *            event                    finalized, recording not settled
 *  (none) ───────────▶ open ───────────────────────────────▶ awaiting-recording
 *     ▲                 │ │                                        │
 *     │   finalize      │ │ finalized: text, no traffic,           │ settled, or
 *     │   timeout       │ │ or recording settled                   │ grace and link over
 *     │                 ▼ └──────────────────────┐                 ▼
 *     │             given-up ──finalized──▶ (as from open) ──▶ completed ⟲ amended
 *     │                 │                                          │
 *     └────retention────┴────────────────retention─────────────────┘
 * ```
 */
export type SessionState = Open | GivenUp | AwaitingRecording | Completed;
export type Phase = SessionState['phase'];

type Known = Gathered & Fragments;

const NOTHING: Known = {
  timeline: { sessionEnded: undefined, callEnded: undefined, sessionFinalized: undefined, recordingReady: undefined },
};

// Only the functions below create states, each with all of its fields: objects of one shape are copied and read several times as fast
// as objects with varying fields.

export function openState(firstEventAt: Millis, known = NOTHING): Open {
  const { timeline, recording, linkDiesAt, projectId, ended, call } = known;
  return { phase: 'open', firstEventAt, timeline, recording, linkDiesAt, projectId, ended, call };
}

export function givenUpState(givenUpAt: Millis, known: Known): GivenUp {
  const { timeline, recording, linkDiesAt, projectId, ended, call } = known;
  return { phase: 'given-up', givenUpAt, timeline, recording, linkDiesAt, projectId, ended, call };
}

export function awaitingState(finalizedAt: Millis, finalized: Finalized, gathered: Gathered): AwaitingRecording {
  const { timeline, recording, linkDiesAt } = gathered;
  return { phase: 'awaiting-recording', finalizedAt, finalized, timeline, recording, linkDiesAt };
}

export function completedState(completedAt: Millis, latest?: SessionComplete): Completed {
  return { phase: 'completed', completedAt, latest };
}

/** A writable copy, from which the next state is built. */
export function copyOf(state: Open | GivenUp): Writable<Open> | Writable<GivenUp>;
export function copyOf(state: Unfinished): Writable<Open> | Writable<GivenUp> | Writable<AwaitingRecording>;
export function copyOf(state: Unfinished): Unfinished {
  switch (state.phase) {
    case 'open':
      return openState(state.firstEventAt, state);
    case 'given-up':
      return givenUpState(state.givenUpAt, state);
    case 'awaiting-recording':
      return awaitingState(state.finalizedAt, state.finalized, state);
    default:
      return state satisfies never;
  }
}
