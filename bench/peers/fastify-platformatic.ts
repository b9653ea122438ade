import { ProduceAcks, Producer, stringSerializers } from '@platformatic/kafka';
import Fastify from 'fastify';
import { schemas } from '../../schemas/generated/schemas.js';

// The same as fastify-kafkajs.ts with the newer client of Fastify's own authors: one acknowledged send for each event, several in flight.
const [port = '0', brokers = '', topic = ''] = process.argv.slice(2);

const producer = new Producer({
  clientId: 'peer',
  bootstrapBrokers: brokers.split(','),
  serializers: stringSerializers,
  acks: ProduceAcks.ALL,
  autocreateTopics: false,
});

const app = Fastify();
app.post<{ Body: { sessionId: string } }>(
  '/v1/webhooks/pathors',
  { schema: { body: schemas['session-ended'] } },
  async ({ body, headers }, reply) => {
    if (headers.authorization !== 'Bearer bench') return reply.code(401).send({ status: 'unauthorized' });
    await producer.send({ messages: [{ topic, key: body.sessionId, value: JSON.stringify(body) }] });
    return reply.code(202).send({ status: 'accepted' });
  },
);
app.get('/readyz', () => ({ status: 'ready' }));
await producer.metadata({ topics: [topic] });
await app.listen({ host: '127.0.0.1', port: Number(port) });
process.on('SIGTERM', () => process.exit(0));
