import type { Recording, SessionComplete, SessionFinalized } from '../../schemas/generated/types.js';

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
  readonly latest?: SessionComplete;
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

const NO_TIMELINE: Timeline = {
  sessionEnded: undefined,
  callEnded: undefined,
  sessionFinalized: undefined,
  recordingReady: undefined,
};

/**
 * Nothing is known of the session but when it was heard of first.
 *
 * All fields are there from the beginning, as in every state that is made: objects of one shape are copied and read several times as fast
 * as objects that have some fields or others.
 */
export function openState(firstEventAt: Millis): Open {
  return {
    timeline: NO_TIMELINE,
    recording: undefined,
    linkDiesAt: undefined,
    projectId: undefined,
    ended: undefined,
    call: undefined,
    phase: 'open',
    firstEventAt,
  };
}
