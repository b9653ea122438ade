import type { SessionComplete, SessionIncomplete } from '../../../schemas/generated/types.js';

/** What the join wants written. It is data: the task writes it in the transaction that also holds the new state. */
export type Effect =
  | { readonly kind: 'complete'; readonly record: SessionComplete }
  | { readonly kind: 'amended'; readonly record: SessionComplete }
  | { readonly kind: 'incomplete'; readonly record: SessionIncomplete };

/** The new state (`undefined`: forget the session) and what to write. The same state object back means that nothing changed. */
export type Transition<S> = { readonly state: S | undefined; readonly effects: readonly Effect[] };

export const NO_EFFECTS: readonly Effect[] = [];
