import Fastify from 'fastify';
import kafkajs from 'kafkajs';
import { schemas } from '../../schemas/generated/schemas.js';

// What a team would write first: Fastify with its own schema validation, and one acknowledged kafkajs send for each event. `idempotent`: with
// a producer whose retries do not write an event twice, nor in another order, as ours.
const [port = '0', brokers = '', topic = '', mode = 'plain'] = process.argv.slice(2);

const kafka = new kafkajs.Kafka({ brokers: brokers.split(','), logLevel: kafkajs.logLevel.ERROR });
const producer = kafka.producer({
  createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  idempotent: mode === 'idempotent',
});
await producer.connect();

const app = Fastify();
app.post<{ Body: { sessionId: string } }>(
  '/v1/webhooks/pathors',
  { schema: { body: schemas['session-ended'] } },
  async ({ body, headers }, reply) => {
    if (headers.authorization !== 'Bearer bench') return reply.code(401).send({ status: 'unauthorized' });
    await producer.send({ topic, acks: -1, messages: [{ key: body.sessionId, value: JSON.stringify(body) }] });
    return reply.code(202).send({ status: 'accepted' });
  },
);
app.get('/readyz', () => ({ status: 'ready' }));
await app.listen({ host: '127.0.0.1', port: Number(port) });
process.on('SIGTERM', () => process.exit(0));
