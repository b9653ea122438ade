import { FakePartition } from '../../bench/soak/simulation/fake-partition.js';
import { partitionLogContract } from './partition-log.contract.js';

partitionLogContract('fake', () => {
  const partition = new FakePartition(1_000);
  return Promise.resolve({
    open: () => partition.log(),
    outputTopic: 'session.complete',
    outputs: () => Promise.resolve(partition.outputs.map(({ key, value }) => ({ key, value: value.toString() }))),
    brokerNow: () => partition.brokerNow,
  });
});
