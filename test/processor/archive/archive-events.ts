import { EventProducer } from '../../../infra/kafka/produce/event-producer.js';
import { produceSessions } from '../../../infra/kafka/produce/produce-session.js';
import { ensureTopics } from '../../../infra/kafka/topics/ensure-topics.js';
import { SchemaRegistryClient, type SubjectIds } from '../../../infra/schema-registry/client.js';
import type { RecordingArchived, RecordingFailed } from '../../../schemas/generated/types.js';
import { subjects } from '../../../schemas/topics.js';
import { validateSessionEvent } from '../../../schemas/validators.js';
import { decodeWire, encodeWire, wireHeader } from '../../../schemas/wire-format.js';
import { silent, suiteKafka, type SuiteKafka } from '../../support/stack-settings.js';
import { TopicRecords } from '../../support/topic-records.js';

export const READY_AT = '2026-05-03T08:42:11.512Z';

/** Both ends of the topic between sender and archive: announces recordings and reads outcomes. */
export class ArchiveEvents {
  private constructor(
    readonly suite: SuiteKafka,
    readonly subjectIds: SubjectIds,
    private readonly producer: EventProducer,
    readonly topic: TopicRecords,
  ) {}

  static async open(env: Record<string, string>): Promise<ArchiveEvents> {
    const suite = suiteKafka(env);
    const { kafka, topics, settings } = suite;
    await ensureTopics(kafka, topics, { partitions: 2, replicationFactor: 1 });
    const subjectIds = await new SchemaRegistryClient(settings).ensureSubjects(subjects(topics));
    const open = produceSessions(kafka);
    const producer = new EventProducer({ open, topic: topics.events, name: 'test', logger: silent });
    producer.start();
    return new ArchiveEvents(suite, subjectIds, producer, await TopicRecords.open(kafka, topics.events));
  }

  /** Announces a recording. */
  async ready(sessionId: string, recordingUrl: string): Promise<void> {
    const base = { event: 'recording.ready', sessionId, projectId: 'p-1', timestamp: READY_AT, success: true };
    const value = encodeWire(wireHeader(this.subjectIds.events), JSON.stringify({ ...base, recordingUrl }));
    await this.producer.send({ key: sessionId, value });
  }

  /** Waits until every session has an outcome, and returns the first of each. */
  async outcomesOf(sessionIds: readonly string[]) {
    const found = new Map<string, RecordingArchived | RecordingFailed>();
    await this.topic.until((records) => {
      found.clear();
      for (const { value } of records) {
        const event: unknown = JSON.parse(decodeWire(value ?? Buffer.alloc(0))?.json.toString() ?? 'null');
        const verdict = validateSessionEvent(event);
        if (verdict.kind !== 'valid') continue;
        if (verdict.event.event !== 'recording.archived' && verdict.event.event !== 'recording.failed') continue;
        if (!found.has(verdict.event.sessionId)) found.set(verdict.event.sessionId, verdict.event);
      }
      return sessionIds.every((id) => found.has(id));
    });
    return sessionIds.map((id) => found.get(id));
  }

  async close(): Promise<void> {
    await this.topic.close();
    await this.producer.close();
  }
}
