import Fastify from 'fastify';
import kafkajs from 'kafkajs';
import { schemas } from '../../schemas/generated/schemas.js';

// What a team would write first: Fastify with its own schema validation, and kafkajs. `mode` says how events are sent:
// `plain`: one acknowledged send for each event. `idempotent`: the same, with a producer whose retries neither repeat nor reorder events,
// like ours. `batched`: one send for all events of 5 ms, as a team would write it after seeing a profile.
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

/** Resolves when the message's batch is acknowledged. */
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
