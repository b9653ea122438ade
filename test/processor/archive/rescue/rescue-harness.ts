import { join } from 'node:path';
import { readdirSync } from 'node:fs';
import { Registry } from 'prom-client';
import { pino } from 'pino';
import { expect, onTestFinished, vi } from 'vitest';
import type { ReportAnswer, RescueMessage, RescueState } from '../../../../infra/spool/rescue-messages.js';
import { nodeFs } from '../../../../ingress/spool/file-system.js';
import { SpoolBudget } from '../../../../ingress/spool/spool-budget.js';
import { Spool } from '../../../../ingress/spool/spool.js';
import { eventRecord } from '../../../../ingress/webhook/event-record.js';
import { lookIntervalMs, Rescue } from '../../../../processor/archive/rescue/rescue.js';
import { RescueJournal } from '../../../../processor/archive/rescue/rescue-journal.js';
import { journalDir } from '../../../../processor/archive/rescue/rescue-needed.js';
import { RescueReporter } from '../../../../processor/archive/rescue/rescue-reporter.js';
import { readRescueSettings } from '../../../../processor/archive/rescue/settings.js';
import { openHttpSource, type OpenSource } from '../../../../processor/archive/source/http-source.js';
import { SpillBudget } from '../../../../processor/archive/spill/spill-budget.js';
import { SpillDirectory } from '../../../../processor/archive/spill/spill-directory.js';
import type { SenderEvent } from '../../../../schemas/validators.js';
import { MemoryObjectStore } from '../../../infra/object-store/memory-object-store.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { silent } from '../../../support/stack-settings.js';
import { tempDir } from '../../../support/temp-dir.js';
import { FaultySource } from '../source/faulty-source.js';

export const LIFETIME_MS = 20_000;
/** A quarter of the lifetime. */
export const RESCUE_AFTER_MS = 5_000;
const READY_AT = '2026-05-03T08:42:11.512Z';
const STEP_MS = 200;
const WAIT_MS = 25_000;

/** A spool on disk, a source, an object store in memory, and rescues that come and go. The clock stands still while bytes move. */
export async function rescueHarness() {
  const root = tempDir();
  const spillRoot = tempDir();
  const clock = new ManualClock(Date.now());
  const source = await FaultySource.start();
  const store = new MemoryObjectStore();
  store.hasBucket = true;
  const logged: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line) => logged.push(line) });
  const dir = join(root, 'worker-1', 'events');
  const spool = await Spool.open({ fs: nodeFs, dir, budget: new SpoolBudget(1e9), logger: silent, clock });
  await spool.scan();
  onTestFinished(() => spool.close());
  const reports: Record<string, unknown>[] = [];
  /** What the ingress answers to reports. */
  const ingress: { answer: 'stored' | 'refused'; spools: boolean } = { answer: 'stored', spools: false };

  const announce = async (sessionId: string, recordingUrl: string): Promise<void> => {
    const event = {
      event: 'recording.ready',
      sessionId,
      projectId: 'p',
      timestamp: READY_AT,
      success: true,
      recordingUrl,
    };
    const receivedAt = new Date(clock.now()).toISOString();
    await spool.append(eventRecord(event as SenderEvent, Buffer.from(JSON.stringify(event)), receivedAt));
  };
  /** Delivers everything to Kafka, as the ingress does when Kafka is back. */
  const drain = async (): Promise<void> => {
    for (let slice = await spool.read(); slice !== undefined; slice = await spool.read()) spool.drained(slice);
    await vi.waitFor(() => expect(readdirSync(dir).filter((name) => name.endsWith('.spool'))).toEqual([]));
  };

  /** Transfers in progress. */
  let active = 0;
  const open: OpenSource = async (...request) => {
    active += 1;
    const done = (): void => void (active -= 1);
    const response = await openHttpSource(...request).catch((error: unknown) => {
      done();
      throw error;
    });
    response.body.once('close', done);
    return response;
  };

  /** When the rescue last read the spool. It reads real files, so time must not run ahead of it. */
  let lookedAt = clock.now();
  let intervalMs = 0;

  const start = async (settings: Record<string, string> = {}) => {
    const budget = new SpillBudget(1e9);
    const spills = new SpillDirectory({ root: spillRoot, maxSilenceMs: 1e9, keepMs: 1e9, clock, budget });
    let receive = (_answer: ReportAnswer): void => undefined;
    const send = (message: RescueMessage): void => {
      if (message.kind !== 'report') return;
      const { id, key, body, headers } = message;
      if (ingress.answer === 'refused') {
        receive({ kind: 'refused', id, reason: 'full' });
        return;
      }
      reports.push({ recordKey: key, id: headers['ce_id'], ...(JSON.parse(body) as object) });
      const store = ingress.spools
        ? spool.append({ stream: 'events', key, body: Buffer.from(body), headers })
        : Promise.resolve();
      void store.then(() => receive({ kind: 'stored', id }));
    };
    const states: RescueState[] = [];
    const rescueSettings = readRescueSettings({
      ARCHIVE_ALLOWED_HOSTS: source.host,
      ARCHIVE_URL_LIFETIME_MS: String(LIFETIME_MS),
      INGRESS_SPOOL_MAX_BYTES: '1000000',
      INGRESS_RESCUE_MAX_BYTES_PER_SECOND: '0',
      ...settings,
    });
    intervalMs = lookIntervalMs(rescueSettings.ARCHIVE_URL_LIFETIME_MS);
    lookedAt = clock.now();
    const rescue = new Rescue({
      root,
      settings: rescueSettings,
      objectStore: store,
      spills,
      budget,
      journal: new RescueJournal(journalDir(root)),
      reporter: new RescueReporter({ send, onAnswer: (listener) => void (receive = listener) }, clock),
      resolve: () => Promise.reject(new Error('this test has no resolver')),
      open,
      clock,
      metrics: new Registry(),
      logger,
      onState: (state) => {
        lookedAt = clock.now();
        states.push(state);
      },
    });
    await rescue.start();
    onTestFinished(() => rescue.stop());
    return { rescue, states, budget };
  };

  /** Waits for an assertion to hold. Lets time pass while no transfer is active. */
  const until = (assertion: () => void): Promise<void> =>
    vi.waitFor(
      async () => {
        try {
          assertion();
        } catch (error) {
          if (active === 0 && clock.now() - lookedAt < intervalMs) await clock.advance(STEP_MS);
          throw error;
        }
      },
      { timeout: WAIT_MS, interval: 10 },
    );
  const files = (ending: string) =>
    readdirSync(spillRoot, { recursive: true }).filter((name) => String(name).endsWith(ending));
  const notes = () => {
    try {
      return readdirSync(journalDir(root));
    } catch {
      return [];
    }
  };
  return {
    root,
    spillRoot,
    clock,
    source,
    store,
    spool,
    ingress,
    reports,
    logged,
    announce,
    drain,
    start,
    until,
    files,
    notes,
  };
}
