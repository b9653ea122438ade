import type { SessionComplete, SessionIncomplete } from '../../../schemas/generated/types.js';

/** An output of the join, as data. The task writes it in the transaction that also holds the new state. */
export type Effect =
  | { readonly kind: 'complete'; readonly record: SessionComplete }
  | { readonly kind: 'amended'; readonly record: SessionComplete }
  | { readonly kind: 'incomplete'; readonly record: SessionIncomplete };

/** The new state (`undefined`: forget the session) and the outputs. An unchanged state is the same object. */
export type Transition<S> = { readonly state: S | undefined; readonly effects: readonly Effect[] };

export const NO_EFFECTS: readonly Effect[] = [];
