import { FakePartition } from '../../../soak/simulation/kafka/fake-partition.js';
import { partitionLogContract } from '../../processor/join/log/partition-log.contract.js';

partitionLogContract('fake', () => {
  const partition = new FakePartition(1_000);
  return Promise.resolve({
    open: () => partition.log(),
    dieInside: async ({ outputs, ...commit }) => {
      let isDying = false;
      const never = new Promise<void>(() => undefined);
      const log = partition.log((point) => (isDying && point === 'end of transaction' ? never : Promise.resolve()));
      await log.fence();
      isDying = true;
      for (const output of outputs) log.append(output);
      void log.commit(commit);
    },
    outputTopic: 'session.complete',
    outputs: () => Promise.resolve(partition.outputs.map(({ key, value }) => ({ key, value: value.toString() }))),
    brokerNow: () => partition.brokerNow,
  });
});
