import { describe, expect, it } from 'vitest';
import { findFreeBase } from '../../../dev/local-stack/tcp-ports.js';
import { balancerProgram, BALANCERS } from '../../../lab/balancers/documented-config.js';
import { runRollingRestarts } from '../../../lab/balancers/rolling-restarts.js';
import { tempDir } from '../../support/temp-dir.js';

const missing = BALANCERS.filter((name) => balancerProgram(name) === undefined);
const unless = missing.length === 0 ? '' : ` (not run: ${missing.join(' and ')} not installed)`;

describe.skipIf(missing.length > 0)(`a rolling restart behind nginx, HAProxy and a proxy that polls${unless}`, () => {
  it.each([
    ['one process', {}],
    ['two workers', { INGRESS_WORKERS: '2' }],
  ])('loses no request of ingresses with %s', { timeout: 300_000 }, async (_name, env) => {
    const base = await findFreeBase();
    const options = {
      dir: tempDir(),
      ports: [base, base + 1] as const,
      rounds: 1,
      rate: 60,
      shutdownDelayMs: 6_000,
      env,
    };
    const { tally, exits } = await runRollingRestarts(options);
    expect(tally.lost).toEqual([]);
    expect(tally.accepted).toBe(tally.sent);
    expect(tally.sent).toBeGreaterThan(300);
    expect(exits).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
  });
});
