import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obtainStack } from '../dev/local-stack/obtain-stack.js';
import type { Env } from '../infra/settings/read-settings.js';
import type { SoakOptions } from './soak-options.js';

/** The environment of a soak that kills its broker: a native stack of its own, whatever endpoints are set. */
export function ownStackEnv(): Env {
  const { KAFKA_BROKERS: _kafka, SCHEMA_REGISTRY_URL: _registry, S3_ENDPOINT: _s3, ...own } = process.env;
  return { ...own, STACK: 'native', TOPIC_PREFIX: 'soak.' };
}

export type OwnStackOptions<T> = Pick<SoakOptions, 'log' | 'signal'> & {
  readonly name: string;
  /** Of the stack's launcher. */
  readonly env: Env;
  /** Before the stack starts. @throws what is in the way. */
  readonly check?: (dir: string) => void;
  /** @param env with the stack's endpoints. */
  readonly work: (dir: string, env: Env) => Promise<T>;
  /** Whether data and logs can go. Where the work throws, they are kept, too. */
  readonly isSound: (result: T) => boolean;
};

/** Does a soak's work on a stack that is there for it, in a folder that is kept for whoever has to find out what went wrong. */
export async function onOwnStack<T>(options: OwnStackOptions<T>): Promise<T> {
  const { name, env, log, signal, check, work, isSound } = options;
  const dir = mkdtempSync(join(tmpdir(), `soak-${name}-`));
  let canGo = false;
  try {
    check?.(dir);
    const stack = await obtainStack({ dir, portBase: 'free', env, log, signal });
    try {
      const result = await work(dir, { ...env, ...stack.endpoints });
      canGo = isSound(result);
      return result;
    } finally {
      await stack.stop();
    }
  } finally {
    if (canGo || signal.aborted) rmSync(dir, { recursive: true, force: true });
    else log(`data and logs are kept in ${dir}`);
  }
}
