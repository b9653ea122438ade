import { describe, expect, it } from 'vitest';
import { DeadlineWatch } from '../../../../processor/archive/pipeline/deadline-watch.js';
import { cutAfter, stallAfter, status, whole } from '../source/faulty-source.js';
import { archivePipeline, BODY } from './pipeline-harness.js';

type Line = { readonly level: number; readonly msg: string } & Readonly<Record<string, unknown>>;

const WARN = 40;
const ERROR = 50;

describe('log lines', () => {
  it('warn once about links that expire soon', async () => {
    const { source, accept, pipeline, logged, logger, clock } = await archivePipeline({ lifetimeMs: 20_000 });
    accept('s-1', source.serve('/a', stallAfter(BODY, 100)), 18_000);
    accept('s-2', source.serve('/b', stallAfter(BODY, 100)));
    for (let n = 0; n < 2; n += 1) {
      const watch = new DeadlineWatch({ fetchTasks: () => pipeline.fetchTasks(), clock, logger }, 4_000);
      watch.start();
      watch.stop();
    }
    const warnings = logged.filter((line) => line.includes('recordings at risk'));
    expect(warnings).toHaveLength(1);
    expect(JSON.parse(warnings[0] ?? '')).toMatchObject({
      recordings: 1,
      soonestSeconds: 1,
      sessions: [{ sessionId: 's-1', projectId: 'p' }],
    });
    expect(pipeline.gauges().tightestMs).toBe(1_000);
    await pipeline.stop();
  });

  it('name session and project in every warning and error', async () => {
    const { source, accept, settled, kafka, store, logged, until } = await archivePipeline({ lifetimeMs: 1_000 });
    kafka.isDown = true;
    store.trouble = 'away';
    accept('s-1', source.serve('/a', whole(BODY)));
    accept('s-1', source.serve('/b', status(403)));
    await until(() => expect(logged.filter((line) => line.includes('could not publish'))).not.toEqual([]));
    kafka.isDown = false;
    await settled(2);
    const lines = logged.map((line) => JSON.parse(line) as Line).filter(({ level }) => level >= WARN);
    expect(lines.filter(({ level }) => level === ERROR).map(({ msg }) => msg.split(':')[0])).toContain(
      'recording lost',
    );
    for (const line of lines) expect(line).toMatchObject({ sessionId: 's-1', projectId: 'p' });
  });

  it('omit the message of an unexpected error, which ends as internal_error', async () => {
    const { accept, settled, outcomes, logged } = await archivePipeline({
      lifetimeMs: 1_000,
      open: () => Promise.reject(new TypeError('a bug that quotes very-secret')),
    });
    accept('s-1', 'http://127.0.0.1:9/a');
    await settled(1);
    expect(outcomes()).toMatchObject([{ event: 'recording.failed', reason: 'internal_error' }]);
    expect(logged.join()).toContain('archive-observability.test');
    expect(logged.join()).not.toContain('very-secret');
  });

  it('contain nothing of a link, nor do records and metrics', async () => {
    const { source, accept, settled, logged, outcomes, registry, store } = await archivePipeline({ lifetimeMs: 1_000 });
    accept('s-1', source.serve('/secret-path-ok', whole(BODY)));
    accept('s-2', source.serve('/secret-path-500', status(500)));
    accept('s-3', source.serve('/secret-path-cut', cutAfter(BODY, 100)));
    accept('s-4', 'https://secret-path.example/secret-path?token=very-secret');
    accept('s-5', 'secret-path: no link');
    accept('s-6', source.serve('/secret-path-loop', status(302, { location: '/secret-path-loop' })));
    await settled(6);
    const seen = [
      logged.join(),
      JSON.stringify(outcomes()),
      await registry.metrics(),
      [...store.objects.keys()].join(),
    ];
    for (const text of seen) {
      expect(text).not.toContain('secret-path');
      expect(text).not.toContain('very-secret');
      expect(text).not.toContain(source.host);
    }
  });
});

describe('metrics', () => {
  it('show the time that links had left, and the tightest deadline', async () => {
    const { source, accept, settled, registry, pipeline, until } = await archivePipeline({ lifetimeMs: 100_000 });
    accept('s-1', source.serve('/a', whole(BODY)), 10_000);
    accept('s-2', source.serve('/b', status(503), whole(BODY)), 80_000);
    accept('s-3', source.serve('/c', whole(BODY)), 200_000);
    await settled(3);
    accept('s-4', source.serve('/d', stallAfter(BODY, 100)), 30_000);
    accept('s-5', source.serve('/e', stallAfter(BODY, 100)), 60_000);
    // Expired, 20 s and 90 s.
    const finished = await registry.metrics();
    expect(finished).toMatch(/archive_seconds_left_at_finish_bucket\{le="0"\} 1\n/);
    expect(finished).toMatch(/archive_seconds_left_at_finish_bucket\{le="30"\} 2\n/);
    expect(finished).toMatch(/archive_seconds_left_at_finish_bucket\{le="120"\} 3\n/);
    await until(() => expect([source.count('/d'), source.count('/e')]).toEqual([1, 1]));
    const started = await registry.metrics();
    expect(started).toMatch(/archive_seconds_left_at_start_count 5\n/);
    expect(started).toMatch(/^archive_tightest_deadline_seconds 35$/m);
    await pipeline.stop();
  });
});
