import { createRequire } from 'node:module';

type RequestQueue = {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  scheduleCheckPendingRequests: () => void;
};

const require = createRequire(import.meta.url);

/**
 * Lets the connections of kafkajs be idle. Each looks at its queue a millisecond after the last look, for ever, although nothing waits there:
 * with a dozen connections that is most of what an idle processor does. Right for the pinned kafkajs 2.2.4 alone.
 */
export function stopIdleTimers(): void {
  const { prototype } = require('kafkajs/src/network/requestQueue') as { readonly prototype: RequestQueue };
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this);
  };
}
