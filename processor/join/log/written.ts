import type { Effect } from '../rules/effects.js';

/** Number of output records of one kind, by the outcome of the recording: `none` where it is not known. */
export type Written = { readonly kind: Effect['kind']; readonly outcome: string; readonly count: number };
