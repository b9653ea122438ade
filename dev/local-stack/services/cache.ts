import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { supervise } from '../process/supervised-process.js';
import { StackError } from '../stack-error.js';
import { tryLock, type PidLock } from '../../../infra/program/pid-lock.js';
import { withProgress, type Log } from '../progress.js';

/** A part of the stack that is downloaded or built once and kept for all clones. */
export type Installable = {
  readonly name: string;
  /** Folder name in the cache; holds the version and all else that makes a part of another kind. */
  readonly folder: string;
  /** Said while it runs: what, and about how long. */
  readonly doing: string;
  /** Fills `into`, by commands run one after the other. */
  commands(into: string): readonly (readonly [string, ...string[]])[];
  readonly env?: (into: string) => Record<string, string>;
};

export type InstallContext = { readonly cache: string; readonly log: Log; readonly signal?: AbortSignal | undefined };

export function isInstalled(part: Installable, cache: string): boolean {
  return existsSync(join(cache, part.folder));
}

/**
 * Installs a part unless it is there. The folder appears complete or not at all; of several processes one installs and
 * the others wait for it.
 * @returns the folder.
 * @throws StackError when a command fails, with the end of its output.
 */
export async function install(part: Installable, context: InstallContext): Promise<string> {
  const folder = join(context.cache, part.folder);
  if (existsSync(folder)) return folder;
  const lock = await lockOf(part, context);
  try {
    if (existsSync(folder)) return folder;
    const draft = `${folder}.tmp`;
    // Under the lock nobody else has it: what is left here comes from an installation that was cut off.
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    await withProgress(context.log, part.doing, () => fill(part, draft, context));
    renameSync(draft, folder);
    return folder;
  } finally {
    lock.release();
  }
}

async function lockOf(part: Installable, { cache, log, signal }: InstallContext): Promise<PidLock> {
  const file = join(cache, `${part.folder}.lock`);
  const first = tryLock(file);
  if ('release' in first) return first;
  return withProgress(log, `${part.name}: process ${first.holder} is installing it already, waiting`, async () => {
    for (;;) {
      const lock = tryLock(file);
      if ('release' in lock) return lock;
      await delay(200, undefined, { signal });
    }
  });
}

async function fill(part: Installable, into: string, { cache, signal }: InstallContext): Promise<void> {
  const logFile = join(cache, `${part.folder}.log`);
  for (const command of part.commands(into)) {
    signal?.throwIfAborted();
    const env = { ...process.env, ...part.env?.(into) };
    const run = supervise({ name: part.name, command, env, cwd: into, logFile, graceMs: 2_000 });
    const abort = () => void run.kill();
    signal?.addEventListener('abort', abort);
    const exit = await run.exited;
    signal?.removeEventListener('abort', abort);
    signal?.throwIfAborted();
    if (exit.code === 0) continue;
    const tail = run.lastLogLines(10).map((line) => `\n  | ${line}`);
    throw new StackError(
      `could not install ${part.name}: \`${command.slice(0, 3).join(' ')} …\` failed; its log: ${logFile}${tail.join('')}`,
    );
  }
  rmSync(logFile, { force: true });
}
