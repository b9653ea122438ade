import Fastify from 'fastify';
import kafkajs from 'kafkajs';
import { schemas } from '../../schemas/generated/schemas.js';

// What a team would write first: Fastify with its own schema validation, and kafkajs. How an event is sent, by `mode`:
// `plain`: one acknowledged send for each. `idempotent`: likewise, with a producer whose retries do not write an event twice, nor in
// another order, as ours. `batched`: with what else has come within 5 ms in one send, as a team writes it once it has seen a profile.
const [port = '0', brokers = '', topic = '', mode = 'plain'] = process.argv.slice(2);
const LINGER_MS = 5;

const kafka = new kafkajs.Kafka({ brokers: brokers.split(','), logLevel: kafkajs.logLevel.ERROR });
const producer = kafka.producer({
  createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  idempotent: mode === 'idempotent',
});
await producer.connect();

type Message = { key: string; value: string };

let batch: Message[] = [];
let sending: Promise<unknown> | undefined;

/** Resolves when the batch that the message is in has been acknowledged. */
function sendBatched(message: Message): Promise<unknown> {
  batch.push(message);
  sending ??= new Promise((resolve, reject) => {
    setTimeout(() => {
      const messages = batch;
      batch = [];
      sending = undefined;
      producer.send({ topic, acks: -1, messages }).then(resolve, reject);
    }, LINGER_MS);
  });
  return sending;
}

const send =
  mode === 'batched' ? sendBatched : (message: Message) => producer.send({ topic, acks: -1, messages: [message] });

const app = Fastify();
app.post<{ Body: { sessionId: string } }>(
  '/v1/webhooks/pathors',
  { schema: { body: schemas['session-ended'] } },
  async ({ body, headers }, reply) => {
    if (headers.authorization !== 'Bearer bench') return reply.code(401).send({ status: 'unauthorized' });
    await send({ key: body.sessionId, value: JSON.stringify(body) });
    return reply.code(202).send({ status: 'accepted' });
  },
);
app.get('/readyz', () => ({ status: 'ready' }));
await app.listen({ host: '127.0.0.1', port: Number(port) });
process.on('SIGTERM', () => process.exit(0));
