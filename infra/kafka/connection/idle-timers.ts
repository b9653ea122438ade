import { createRequire } from 'node:module';

type Request = { readonly sentAt: number; readonly requestTimeout: number; readonly timeoutRequest: () => void };
type RequestQueue = {
  readonly pending: readonly unknown[];
  readonly inflight: ReadonlyMap<number, Request>;
  readonly enforceRequestTimeout: boolean;
  readonly isConnected: () => boolean;
  requestTimeoutIntervalId: NodeJS.Timeout;
  /** Stops the timer. */
  readonly destroy: () => void;
  scheduleCheckPendingRequests: () => void;
  scheduleRequestTimeoutCheck: () => void;
};

const require = createRequire(import.meta.url);

/** Requests time out after seconds; what is in more of a hurry has a timer of its own. */
const TIMEOUT_CHECK_MS = 1_000;

/**
 * Lets the connections of kafkajs be idle. Each of them looks for late requests ten times a second, and looks at its queue again a
 * millisecond after it last did, for ever, although nothing waits there: with some twenty connections that is most of what an idle
 * processor does. Right for the pinned kafkajs 2.2.4 alone.
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
        if (Date.now() - request.sentAt > request.requestTimeout) request.timeoutRequest();
      }
      if (!this.isConnected()) this.destroy();
    }, TIMEOUT_CHECK_MS);
  };
}
