import type { Clock } from '../../infra/async/clock.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { SpoolFs } from './file-system.js';
import type { SpoolBudget } from './spool-budget.js';
import type { SpoolFailure } from './spool-failure.js';

export type SpoolOptions = {
  readonly fs: SpoolFs;
  /** Used by this spool alone; created if missing. */
  readonly dir: string;
  /** Create the folder with the first record, not at the opening. */
  readonly isLazy?: boolean;
  readonly budget: SpoolBudget;
  readonly logger: Logger;
  readonly clock: Clock;
  /** False once another process uses the folder: nothing more may be appended. Default: always true. */
  readonly isOwned?: () => boolean;
  /** A segment of this size is closed. Default 4 MiB, which is also the most that is drained twice after a crash. */
  readonly segmentBytes?: number;
  /** An append that takes longer fails. Default 5,000. */
  readonly slowAfterMs?: number;
};

export type AppendOutcome =
  /** The record survives a power failure; a later read returns it, possibly after the next start. */
  | { readonly kind: 'durable' }
  /** A read after the next start may still return the record. */
  | { readonly kind: 'failed'; readonly failure: SpoolFailure };
