import { createRequire } from 'node:module';

type Asked = { readonly nodeId: string; readonly broker: unknown };
type BrokerPool = {
  readonly brokers: Readonly<Record<string, unknown>>;
  readonly findBroker: (id: { readonly nodeId: string }) => Promise<unknown>;
  withBroker: <T>(callback: (asked: Asked) => Promise<T>) => Promise<T | null>;
};

const require = createRequire(import.meta.url);

/**
 * Lets kafkajs ask another broker when it cannot reach the one that it has picked at random for a question that any can answer. Without
 * this, each such question fails now and then while one broker of several is away. Valid for the pinned kafkajs 2.2.4 only.
 */
export function skipUnreachableBrokers(): void {
  const { prototype } = require('kafkajs/src/cluster/brokerPool') as { readonly prototype: BrokerPool };
  const shuffle = require('kafkajs/src/utils/shuffle') as (ids: readonly string[]) => readonly string[];
  prototype.withBroker = async function (this: BrokerPool, callback) {
    let failure: unknown = new Error('no brokers in the metadata');
    let wasAsked = false;
    for (const nodeId of shuffle(Object.keys(this.brokers))) {
      try {
        const broker = await this.findBroker({ nodeId });
        wasAsked = true;
        return await callback({ nodeId, broker });
      } catch (error) {
        failure = error;
      }
    }
    // As kafkajs does, which has handlers for this.
    if (wasAsked) return null;
    throw failure;
  };
}
