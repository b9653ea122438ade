import { setTimeout as delay } from 'node:timers/promises';
import type { EventProducer } from '../../infra/kafka/produce/event-producer.js';
import type { Kafka } from '../../infra/kafka/connection/client.js';
import { wireHeader } from '../../schemas/wire-format.js';
import { readyRecord } from '../../lab/source/recording-ready.js';
import { soakProducer } from '../soak-producer.js';
import type { MisbehavingSource } from './misbehaving-source.js';
import type { PlannedRecording } from './recording-plan.js';

export type RecordingLoadDeps = {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly schemaId: number;
  readonly source: MisbehavingSource;
  readonly signal: AbortSignal;
};

/** Publishes recordings at the source and announces them in `session.events`. */
export class RecordingLoad {
  private readonly header: Buffer;
  private readonly producer: EventProducer;

  constructor(private readonly deps: RecordingLoadDeps) {
    this.header = wireHeader(deps.schemaId);
    this.producer = soakProducer(deps.kafka, deps.topic);
  }

  start(): void {
    this.producer.start();
  }

  /** Announces the recordings evenly over `overMs`. Resolves when all of them, including redeliveries, are acknowledged. */
  async publish(recordings: readonly PlannedRecording[], overMs: number): Promise<void> {
    const { signal } = this.deps;
    const startedAt = performance.now();
    const sending = recordings.map(async (recording, index) => {
      await delay((index / recordings.length) * overMs + startedAt - performance.now(), undefined, { signal });
      await this.announce(recording);
    });
    await Promise.all(sending);
  }

  async stop(): Promise<void> {
    await this.producer.close();
  }

  private async announce(recording: PlannedRecording): Promise<void> {
    const { sessionId, projectId, redeliverAfterMs } = recording;
    const recordingUrl = this.deps.source.publish(recording);
    const timestamp = new Date().toISOString();
    const record = readyRecord({ sessionId, projectId, recordingUrl, timestamp }, this.header);
    await this.producer.send(record);
    if (redeliverAfterMs === undefined) return;
    await delay(redeliverAfterMs, undefined, { signal: this.deps.signal });
    await this.producer.send(record);
  }
}
