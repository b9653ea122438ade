import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obtainStack } from '../dev/local-stack/obtain-stack.js';
import type { Env } from '../infra/settings/read-settings.js';
import type { SoakOptions } from './soak-options.js';

/** Environment of a soak that kills its broker: its own native stack, even if endpoints are set. */
export function ownStackEnv(): Env {
  const { KAFKA_BROKERS: _kafka, SCHEMA_REGISTRY_URL: _registry, S3_ENDPOINT: _s3, ...own } = process.env;
  return { ...own, STACK: 'native', TOPIC_PREFIX: 'soak.' };
}

export type OwnStackOptions<T> = Pick<SoakOptions, 'log' | 'signal'> & {
  readonly name: string;
  /** Environment of the stack. */
  readonly env: Env;
  /** Checks preconditions before the stack starts. @throws Error when one is not met. */
  readonly check?: (dir: string) => void;
  /** @param env includes the stack's endpoints. */
  readonly work: (dir: string, env: Env) => Promise<T>;
  /** Whether data and logs can be deleted. They are kept when the work throws. */
  readonly isSound: (result: T) => boolean;
};

/** Runs a soak on its own stack. Keeps the stack's folder for an investigation unless the result is sound. */
export async function onOwnStack<T>(options: OwnStackOptions<T>): Promise<T> {
  const { name, env, log, signal, check, work, isSound } = options;
  const dir = mkdtempSync(join(tmpdir(), `soak-${name}-`));
  let canDelete = false;
  try {
    check?.(dir);
    const stack = await obtainStack({ dir, portBase: 'free', env, log, signal });
    try {
      const result = await work(dir, { ...env, ...stack.endpoints });
      canDelete = isSound(result);
      return result;
    } finally {
      await stack.stop();
    }
  } finally {
    if (canDelete || signal.aborted) rmSync(dir, { recursive: true, force: true });
    else log(`kept data and logs in ${dir}`);
  }
}
