import { expect, it } from 'vitest';
import { GROUP_COORDINATOR, type Broker, type Cluster } from '../../../../infra/kafka/connection/cluster.js';
import { Coordinator } from '../../../../infra/kafka/connection/coordinator.js';
import { codeOf, type ErrorName } from '../../../../infra/kafka/protocol/error-codes.js';
import { ProtocolError } from '../../../../infra/kafka/protocol/protocol-error.js';
import { ManualClock, settle } from '../../../support/manual-clock.js';

/** A coordinator whose questions fail as scripted, then succeed. */
function start(...failures: readonly ErrorName[]) {
  const clock = new ManualClock();
  const left = [...failures];
  const counts = { found: 0, asked: 0 };
  const cluster = {
    findGroupCoordinator: () => {
      counts.found += 1;
      return Promise.resolve({} as Broker);
    },
  } as unknown as Cluster;
  const answer = new Coordinator(cluster, 'group', GROUP_COORDINATOR, clock).ask(() => {
    counts.asked += 1;
    const failure = left.shift();
    return failure === undefined ? Promise.resolve('ok') : Promise.reject(new ProtocolError(codeOf(failure)));
  });
  return { clock, counts, answer };
}

it('finds the coordinator again after it has moved', async () => {
  const { clock, counts, answer } = start('NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE');
  await settle();
  await clock.advance(1_000);
  expect(await answer).toBe('ok');
  expect(counts).toEqual({ found: 3, asked: 3 });
});

it('asks the same coordinator again while it is loading or completing a transaction', async () => {
  const { clock, counts, answer } = start('COORDINATOR_LOAD_IN_PROGRESS', 'CONCURRENT_TRANSACTIONS');
  await settle();
  await clock.advance(1_000);
  expect(await answer).toBe('ok');
  expect(counts).toEqual({ found: 1, asked: 3 });
});

it.each(['PRODUCER_FENCED', 'REQUEST_TIMED_OUT'] as const)('reports %s at once', async (name) => {
  const { counts, answer } = start(name);
  await expect(answer).rejects.toThrow(name);
  expect(counts.asked).toBe(1);
});

it('gives up after 20 s', async () => {
  const { clock, answer } = start(...new Array<ErrorName>(100_000).fill('NOT_ENOUGH_REPLICAS'));
  const failed = expect(answer).rejects.toThrow('NOT_ENOUGH_REPLICAS');
  await settle();
  await clock.advance(20_500);
  await failed;
});
