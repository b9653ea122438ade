import { describe, expect, it } from 'vitest';
import { sha256, wav } from '../recording/audio-samples.js';
import { stallAfter, status, whole } from '../source/faulty-source.js';
import { LIFETIME_MS, RESCUE_AFTER_MS, rescueHarness } from './rescue-harness.js';

const BODY = wav(50_000);

describe('Rescue', () => {
  it('fetches a recording that has waited in the spool for too long, and reports it through the ingress', async () => {
    const { announce, start, until, source, store, reports, clock, notes, files, logged } = await rescueHarness();
    const { rescue } = await start();
    await announce('s-1', source.serve('/a', whole(BODY)));
    const spooledAt = clock.now();
    await until(() => expect(reports).toHaveLength(1));
    expect(clock.now() - spooledAt).toBeGreaterThanOrEqual(RESCUE_AFTER_MS);
    expect(reports).toMatchObject([
      {
        recordKey: 's-1',
        id: 's-1:recording.archived:2026-05-03T08:42:11.512Z',
        event: 'recording.archived',
        sha256: sha256(BODY),
        bytes: BODY.length,
        projectId: 'p',
      },
    ]);
    expect([...store.objects.keys()]).toEqual(['p/2026/05/03/s-1.wav']);
    await until(() => expect([notes(), files('.audio')]).toEqual([[], []]));
    expect(rescue.state()).toEqual({ started: 1, saved: 1, failed: 0, pending: 0, atRisk: 0, spilledBytes: 0 });
    expect(logged.join('')).not.toContain('very-secret');
    expect(logged.some((line) => line.includes('rescuing the recording') && line.includes('"projectId":"p"'))).toBe(
      true,
    );
  });

  it('leaves a recording to the archive if Kafka is back before', async () => {
    const { announce, drain, start, until, source, clock, reports } = await rescueHarness();
    await start();
    await announce('s-1', source.serve('/a', whole(BODY)));
    const back = clock.now() + RESCUE_AFTER_MS / 2;
    await until(() => expect(clock.now()).toBeGreaterThan(back));
    await drain();
    await until(() => expect(clock.now()).toBeGreaterThan(back + LIFETIME_MS));
    expect([source.count('/a'), reports]).toEqual([0, []]);
  });

  it('keeps the recording on disk while the object store is down too, across a restart and after Kafka is back', async () => {
    const { announce, drain, start, until, source, store, reports, clock, files, notes } = await rescueHarness();
    store.trouble = 'away';
    const first = await start();
    await announce('s-1', source.serve('/a', whole(BODY), status(403)));
    await until(() => expect(first.rescue.state().spilledBytes).toBe(BODY.length));
    await drain();
    await first.rescue.stop();
    expect([files('.audio').length, notes().length]).toEqual([1, 1]);
    const diesAt = clock.now() + LIFETIME_MS;
    const second = await start();
    await until(() => expect(clock.now()).toBeGreaterThan(diesAt));
    store.trouble = undefined;
    await until(() => expect(reports).toHaveLength(1));
    expect(reports).toMatchObject([{ event: 'recording.archived', sha256: sha256(BODY) }]);
    expect(source.count('/a')).toBe(1);
    await until(() => expect([notes(), files('.audio'), second.rescue.state().spilledBytes]).toEqual([[], [], 0]));
  });

  it('neither fetches nor reports again after a restart', async () => {
    const { announce, start, until, source, reports, ingress } = await rescueHarness();
    ingress.spools = true;
    const first = await start();
    await announce('s-1', source.serve('/a', whole(BODY)));
    await until(() => expect(first.rescue.state().saved).toBe(1));
    await first.rescue.stop();
    const second = await start();
    await announce('s-2', source.serve('/b', whole(BODY)));
    await until(() => expect(second.rescue.state().saved).toBe(1));
    expect([source.count('/a'), source.count('/b')]).toEqual([1, 1]);
    expect(reports.map(({ recordKey }) => recordKey)).toEqual(['s-1', 's-2']);
  });

  it('finds the object of a process that was killed before its report, and reports it', async () => {
    const { announce, start, until, source, reports, store } = await rescueHarness();
    const first = await start();
    await announce('s-1', source.serve('/a', whole(BODY), status(403)));
    await until(() => expect(store.objects.size).toBe(1));
    await first.rescue.stop();
    reports.length = 0;
    await start();
    await until(() => expect(reports).toMatchObject([{ recordKey: 's-1', sha256: sha256(BODY) }]));
    expect(source.count('/a')).toBe(1);
  });

  it('reports again until the ingress has stored the report', async () => {
    const { announce, start, until, source, reports, ingress, store, clock, notes } = await rescueHarness();
    ingress.answer = 'refused';
    const { rescue } = await start();
    await announce('s-1', source.serve('/a', whole(BODY)));
    await until(() => expect(store.objects.size).toBe(1));
    const until10 = clock.now() + 10_000;
    await until(() => expect(clock.now()).toBeGreaterThan(until10));
    expect([rescue.state().saved, notes().length]).toEqual([0, 1]);
    ingress.answer = 'stored';
    await until(() => expect(reports).toHaveLength(1));
  });

  it('counts a recording that it cannot fetch, and does not report it: the archive decides', async () => {
    const { announce, start, until, source, reports, notes } = await rescueHarness();
    const { rescue } = await start();
    await announce('s-1', source.serve('/a', status(410)));
    await until(() => expect(rescue.state().failed).toBe(1));
    await until(() => expect(notes()).toEqual([]));
    expect(reports).toEqual([]);
  });

  it('shows which recordings are at risk', async () => {
    const { announce, start, until, source } = await rescueHarness();
    const { states } = await start();
    await announce('s-1', source.serve('/a', status(503)));
    await until(() => expect(states.at(-1)).toMatchObject({ started: 1, pending: 1, atRisk: 1 }));
  });

  it('never takes more disk than it may, and continues when there is space again', async () => {
    const { announce, start, until, source, store, reports, logged } = await rescueHarness();
    store.trouble = 'away';
    const limits = { INGRESS_RESCUE_MAX_BYTES: String(BODY.length * 2.5), ARCHIVE_URL_LIFETIME_MS: '100000' };
    const { rescue, budget } = await start(limits);
    for (let n = 0; n < 5; n += 1) await announce(`s-${n}`, source.serve(`/${n}`, whole(BODY)));
    let peak = 0;
    await until(() => {
      peak = Math.max(peak, budget.usedBytes);
      expect(logged.filter((line) => line.includes('"detail":"LIMIT"')).length).toBeGreaterThanOrEqual(3);
      expect(rescue.state().spilledBytes).toBe(2 * BODY.length);
    });
    expect(peak).toBeLessThanOrEqual(2.5 * BODY.length);
    store.trouble = undefined;
    await until(() => expect(reports).toHaveLength(5));
    await until(() => expect(budget.usedBytes).toBe(0));
  });

  it('aborts transfers when it stops, and begins again after the next start', async () => {
    const { announce, start, until, source, reports } = await rescueHarness();
    const first = await start();
    await announce('s-1', source.serve('/a', stallAfter(BODY, 1_000), whole(BODY)));
    await until(() => expect(source.count('/a')).toBe(1));
    await first.rescue.stop();
    await start();
    await until(() => expect(reports).toHaveLength(1));
    expect(source.count('/a')).toBe(2);
  });
});
