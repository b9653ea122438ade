import { readWithJava } from '../../../soak/oracle/java-consumer.js';

/** Keys of all records of a topic, as Apache Kafka's own console consumer reads them with `read_committed`. */
export async function readKeysWithJava(brokers: string, topic: string): Promise<string[]> {
  const keys: string[] = [];
  await readWithJava(brokers, topic, ({ key }) => keys.push(key));
  return keys;
}
