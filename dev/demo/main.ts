import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { randomBytes } from 'node:crypto';
import { topicNames } from '../../schemas/topics.js';
import { createKafka } from '../../infra/kafka/connection/client.js';
import { stackDir } from '../local-stack/folders.js';
import { logToStderr, stopOnSignal, tellFailure } from '../local-stack/process/foreground.js';
import { obtainSystem, type System } from '../local-stack/system.js';
import { MinioObjectStore } from '../../infra/object-store/minio-object-store.js';
import { createLogger } from '../../infra/observability/logger.js';
import { commonFaults, commonSpecs } from '../../infra/settings/common.js';
import { readSettings } from '../../infra/settings/read-settings.js';
import { AudioServer } from './audio-server.js';
import { postEvents } from './post-events.js';
import { planSessions, type DemoSession } from './sessions.js';
import { readDemoSettings } from './settings.js';
import { interleave } from './shuffle.js';
import { renderTable } from './table.js';
import { judge, type Verdict } from './verdict.js';
import { CompleteWatch } from './watch-complete.js';

// `npm run demo`: the main job once on real input. Exits with 0 only if every session was joined once and every recording is in the object store.
const { DEMO_AUDIO_HOST, DEMO_SEED, DEMO_TIMEOUT_MS } = readDemoSettings(process.env);
const signal = stopOnSignal();

try {
  const system = await obtainSystem({ dir: stackDir(process.env), env: process.env, log: logToStderr, signal });
  try {
    process.exitCode = (await runDemo(system)) ? 0 : 1;
  } finally {
    await system.stop();
  }
} catch (error) {
  tellFailure(error, signal);
  process.exitCode = 1;
}
process.exit();

async function runDemo(system: System): Promise<boolean> {
  const { endpoints, ingressUrl, auth } = system;
  const settings = readSettings({ ...process.env, ...endpoints }, commonSpecs, commonFaults);
  const run = `demo-${randomBytes(3).toString('hex')}`;
  const audio = new AudioServer(DEMO_AUDIO_HOST);
  const watch = new CompleteWatch({
    kafka: createKafka(settings, 'demo', createLogger('demo', 'silent')),
    registry: new SchemaRegistry({ host: endpoints.SCHEMA_REGISTRY_URL }),
    topic: topicNames(settings.TOPIC_PREFIX).complete,
    groupId: run,
    run,
  });
  await audio.start();
  await watch.start();
  try {
    const sessions = planSessions(run, audio);
    const events = interleave(sessions, DEMO_SEED);
    let sent = 0;
    logToStderr(
      `sending ${events.length} events of ${sessions.length} sessions to ${ingressUrl}, shuffled (DEMO_SEED=${DEMO_SEED})`,
    );
    const posting = postEvents({ url: ingressUrl, ...(auth && { auth }) }, events, () => (sent += 1));
    const progress = setInterval(
      () => logToStderr(`sent ${sent} of ${events.length}, joined ${watch.seen.size} of ${sessions.length}`),
      2_000,
    );
    try {
      const sentAt = await posting;
      await watch.until(sessions.length, DEMO_TIMEOUT_MS, signal);
      return report(await judgeAll(sessions, watch, system), sentAt);
    } finally {
      clearInterval(progress);
    }
  } finally {
    await watch.stop();
    audio.stop();
  }
}

async function judgeAll(
  sessions: readonly DemoSession[],
  watch: CompleteWatch,
  { endpoints }: System,
): Promise<Verdict[]> {
  const { S3_ENDPOINT: endpoint, S3_REGION: region, S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey } = endpoints;
  const readObject = async (bucket: string, key: string) =>
    new MinioObjectStore({ endpoint, region, accessKey, secretKey, bucket }).get(key, signal);
  const verdicts: Verdict[] = [];
  for (const session of sessions)
    verdicts.push(await judge(session, watch.seen.get(session.sessionId) ?? [], readObject));
  return verdicts;
}

function report(verdicts: readonly Verdict[], sentAt: ReadonlyMap<string, readonly number[]>): boolean {
  process.stdout.write(`\n${renderTable(verdicts, sentAt)}\n`);
  const good = verdicts.filter(({ faults }) => faults.length === 0);
  const archived = good.filter(({ seen }) => seen?.record.recording.outcome === 'archived');
  process.stdout.write(
    `${good.length} of ${verdicts.length} sessions joined exactly once, as expected; ` +
      `${archived.length} recordings read back from the object store, with the SHA-256 of what the source sent\n`,
  );
  return good.length === verdicts.length;
}
