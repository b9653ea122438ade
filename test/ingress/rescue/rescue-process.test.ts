import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import type { ReportAnswer, RescueMessage } from '../../../infra/spool/rescue-messages.js';
import type { IncomingRecord, StoreOutcome } from '../../../ingress/record.js';
import { RescueMetrics } from '../../../ingress/rescue/rescue-metrics.js';
import { RescueProcess } from '../../../ingress/rescue/rescue-process.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silent } from '../../support/stack-settings.js';

class FakeChild extends EventEmitter {
  readonly answers: ReportAnswer[] = [];
  readonly signals: string[] = [];
  /** Whether it ends on SIGTERM. */
  obeys = true;

  send(answer: ReportAnswer): boolean {
    this.answers.push(answer);
    return true;
  }

  kill(signal: string): boolean {
    this.signals.push(signal);
    if (this.obeys || signal === 'SIGKILL') setImmediate(() => this.emit('exit', 0, null));
    return true;
  }

  says(message: RescueMessage): void {
    this.emit('message', message);
  }
}

function supervised(outcome: StoreOutcome = { kind: 'stored', place: 'spool' }) {
  const children: FakeChild[] = [];
  const accepted: IncomingRecord[] = [];
  const clock = new ManualClock();
  const registry = new Registry();
  const rescue = new RescueProcess({
    fork: () => {
      const child = new FakeChild();
      children.push(child);
      return child as unknown as ChildProcess;
    },
    sink: {
      accept: (record, settle) => {
        accepted.push(record);
        settle(outcome);
      },
    },
    metrics: new RescueMetrics(registry),
    logger: silent,
    clock,
  });
  rescue.start();
  return { children, accepted, clock, registry, rescue };
}

const STATE = { started: 0, saved: 0, failed: 0, pending: 0, atRisk: 0, spilledBytes: 0 };
const REPORT = { kind: 'report', id: 7, key: 's-1', body: '{}', headers: { ce_type: 'recording.archived' } } as const;

it('stores reports of the rescue like received events', () => {
  const { children, accepted } = supervised();
  children[0]?.says(REPORT);
  expect(accepted).toEqual([
    { stream: 'events', key: 's-1', body: Buffer.from('{}'), headers: { ce_type: 'recording.archived' } },
  ]);
  expect(children[0]?.answers).toEqual([{ kind: 'stored', id: 7 }]);
});

it('tells the rescue that a report is not durable', () => {
  const { children } = supervised({ kind: 'refused', reason: 'full' });
  children[0]?.says(REPORT);
  expect(children[0]?.answers).toEqual([{ kind: 'refused', id: 7, reason: 'full' }]);
});

it('restarts a rescue that ends, with a growing delay', async () => {
  const { children, clock } = supervised();
  for (let restarts = 1; restarts <= 8; restarts += 1) {
    children.at(-1)?.emit('exit', 1, null);
    expect(children).toHaveLength(restarts);
    await clock.advance(60_000);
    expect(children).toHaveLength(restarts + 1);
  }
});

it('restarts a rescue that could not be started', async () => {
  const { children, clock } = supervised();
  children[0]?.emit('error', new Error('EAGAIN'));
  children[0]?.emit('exit', 1, null);
  await clock.advance(60_000);
  expect(children).toHaveLength(2);
});

it('adds up the figures of several processes', async () => {
  const { children, clock, registry } = supervised();
  const says = (child: number, state: object) =>
    children[child]?.says({ kind: 'state', state: { ...STATE, ...state } });
  says(0, { started: 3, saved: 2, pending: 1, atRisk: 1 });
  says(0, { started: 4, saved: 4 });
  children[0]?.emit('exit', 1, null);
  await clock.advance(60_000);
  says(1, { started: 2, saved: 1, pending: 1 });
  const text = await registry.metrics();
  expect(text).toContain('ingress_rescue_recordings_total{outcome="started"} 6');
  expect(text).toContain('ingress_rescue_recordings_total{outcome="saved"} 5');
  expect(text).toContain('ingress_rescue_pending_recordings 1');
  expect(text).toContain('ingress_rescue_running 1');
});

it('stops the rescue with the ingress, and kills it if it does not end', async () => {
  const obedient = supervised();
  await obedient.rescue.stop(5_000);
  expect(obedient.children[0]?.signals).toEqual(['SIGTERM']);
  const stubborn = supervised();
  const [child] = stubborn.children;
  if (child !== undefined) child.obeys = false;
  const stopped = stubborn.rescue.stop(5_000);
  await stubborn.clock.advance(5_000);
  await stopped;
  expect(child?.signals).toEqual(['SIGTERM', 'SIGKILL']);
  expect(stubborn.children).toHaveLength(1);
});
