import { createRequire } from 'node:module';
import { systemClock } from '../../async/clock.js';

type Request = { readonly sentAt: number; readonly requestTimeout: number; readonly timeoutRequest: () => void };
type RequestQueue = {
  readonly pending: readonly unknown[];
  readonly inflight: ReadonlyMap<number, Request>;
  readonly enforceRequestTimeout: boolean;
  readonly isConnected: () => boolean;
  requestTimeoutIntervalId: NodeJS.Timeout;
  /** Stops the interval. */
  readonly destroy: () => void;
  scheduleCheckPendingRequests: () => void;
  scheduleRequestTimeoutCheck: () => void;
};

const require = createRequire(import.meta.url);

/** How often a connection looks for requests that have timed out. Request timeouts are several seconds; shorter ones have timers of their own. */
const TIMEOUT_CHECK_MS = 1_000;

/**
 * Stops kafkajs from polling on idle connections. Each connection checks for timed-out requests ten times a second, and its empty queue
 * every millisecond. With some twenty connections that is most of the CPU that an idle processor uses.
 * Valid for the pinned kafkajs 2.2.4 only.
 */
export function slowIdleTimers(): void {
  const { prototype } = require('kafkajs/src/network/requestQueue') as { readonly prototype: RequestQueue };
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this);
  };
  prototype.scheduleRequestTimeoutCheck = function (this: RequestQueue) {
    this.destroy();
    if (!this.enforceRequestTimeout) return;
    this.requestTimeoutIntervalId = setInterval(() => {
      for (const request of this.inflight.values()) {
        if (systemClock.now() - request.sentAt > request.requestTimeout) request.timeoutRequest();
      }
      if (!this.isConnected()) this.destroy();
    }, TIMEOUT_CHECK_MS);
  };
}
