import type { Recording, SessionComplete, SessionFinalized } from '../../../schemas/generated/types.js';

/** While it is being put together. */
export type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Milliseconds since the epoch, in log time. */
export type Millis = number;

/** The sender's timestamps, as sent; absent where the event was not seen. Of redeliveries the earliest counts. */
export type Timeline = {
  readonly sessionEnded?: string | undefined;
  readonly callEnded?: string | undefined;
  readonly sessionFinalized?: string | undefined;
  readonly recordingReady?: string | undefined;
};

/** A recording about which nothing more is expected, as it stands in the joined record. */
export type SettledRecording =
  Extract<Recording, { outcome: 'archived' | 'archive_failed' }> | { readonly outcome: 'provider_failed' };

/** What `session.finalized` says that the joined record keeps. */
export type Finalized = Pick<
  SessionFinalized,
  'projectId' | 'currentNodeId' | 'messagesCount' | 'extractedVariables' | 'callStatus' | 'callDuration'
>;

/** What is known of a session before it is finalized: kept for the incomplete record. */
export type Fragments = {
  readonly projectId?: string | undefined;
  readonly ended?: Pick<SessionFinalized, 'currentNodeId' | 'messagesCount' | 'extractedVariables'> | undefined;
  readonly call?: { readonly status: string; readonly durationSeconds: number } | undefined;
};

type Gathered = {
  readonly timeline: Timeline;
  readonly recording?: SettledRecording | undefined;
  /** When the last link that is being archived dies; absent while none was announced. */
  readonly linkDiesAt?: Millis | undefined;
};

/** Events came, `session.finalized` did not yet. */
export type Open = Gathered & Fragments & { readonly phase: 'open'; readonly firstEventAt: Millis };

/** Not finalized in time; reported once. A late `session.finalized` still completes it. */
export type GivenUp = Gathered & Fragments & { readonly phase: 'given-up'; readonly givenUpAt: Millis };

/** A finalized call whose recording has not settled. */
export type AwaitingRecording = Gathered & {
  readonly phase: 'awaiting-recording';
  readonly finalized: Finalized;
  readonly finalizedAt: Millis;
};

export type Unfinished = Open | GivenUp | AwaitingRecording;

/** The joined record is out. `latest` is kept only while a recording could still amend it. */
export type Completed = {
  readonly phase: 'completed';
  readonly completedAt: Millis;
  readonly latest?: SessionComplete | undefined;
};

/**
 * What the join knows of one session. No state: nothing has been heard of it, or it was forgotten.
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

// States are made here alone, each with all of its fields: objects of one shape are copied and read several times as fast as objects
// that have some fields or others.

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

/** A copy to make the next state of. */
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
