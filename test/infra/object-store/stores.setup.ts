import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findFreeBase } from '../../../dev/local-stack/tcp-ports.js';
import { startOwnStore, whyMissing, type OwnStore, type StartedStore, type StoreAccess } from './own-store.js';
import { encryptingMinio, versitygw } from './own-stores.js';

/** Access to a store, or why it is missing. */
export type StoreForTests = { readonly access?: StoreAccess; readonly why?: string };

declare module 'vitest' {
  interface ProvidedContext {
    versitygw: StoreForTests;
    encryptingMinio: StoreForTests;
  }
}

/** Starts stores that only the tests of this folder use. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), 'stores-test-'));
  const base = await findFreeBase();
  const started: StartedStore[] = [];
  const end = async (): Promise<void> => {
    await Promise.all(started.map((store) => store.stop()));
    rmSync(dir, { recursive: true, force: true });
  };
  const start = async (store: OwnStore): Promise<StoreForTests> => {
    const why = await whyMissing(store, process.env);
    if (why !== undefined) return { why };
    const port = base + started.length;
    const own = join(dir, String(port));
    mkdirSync(own);
    const log = (line: string): void => void process.stderr.write(`${line}\n`);
    const result = await startOwnStore(store, { dir: own, port, log, env: process.env });
    started.push(result);
    return { access: result.access };
  };
  try {
    // One after another: each may have to be built, which uses the whole machine.
    project.provide('versitygw', await start(versitygw));
    project.provide('encryptingMinio', await start(encryptingMinio));
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}
