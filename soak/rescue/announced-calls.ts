import { setTimeout as delay } from 'node:timers/promises';
import type { MisbehavingSource } from '../archive/misbehaving-source.js';
import type { PlannedRecording } from '../archive/recording-plan.js';

export type CallsDeps = {
  readonly port: number;
  readonly token: string;
  readonly source: MisbehavingSource;
  readonly signal: AbortSignal;
};

/** Posts `session.finalized` and `recording.ready` of calls at a steady rate, and counts the answers. */
export class AnnouncedCalls {
  readonly places = { kafka: 0, spool: 0 };
  readonly refusals: number[] = [];

  constructor(private readonly deps: CallsDeps) {}

  async announce(recordings: readonly PlannedRecording[], perSecond: number): Promise<void> {
    const { source, signal } = this.deps;
    const startedAt = performance.now();
    for (const [index, recording] of recordings.entries()) {
      await delay(Math.max(0, startedAt + (index / perSecond) * 1_000 - performance.now()), undefined, { signal });
      const { sessionId, projectId } = recording;
      const base = { sessionId, projectId, timestamp: new Date().toISOString() };
      const call = {
        currentNodeId: 'end',
        messagesCount: 1,
        extractedVariables: {},
        callStatus: 'userHangup',
        callDuration: 9,
      };
      await this.post({ event: 'session.finalized', ...base, ...call });
      await this.post({ event: 'recording.ready', ...base, success: true, recordingUrl: source.publish(recording) });
    }
  }

  private async post(event: object): Promise<void> {
    const { port, token, signal } = this.deps;
    const response = await fetch(`http://127.0.0.1:${port}/v1/webhooks/pathors`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(event),
      signal,
    });
    const { stored } = (await response.json()) as { stored?: 'kafka' | 'spool' };
    if (stored === undefined) this.refusals.push(response.status);
    else this.places[stored] += 1;
  }
}
