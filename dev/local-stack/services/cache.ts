import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { supervise } from '../process/supervised-process.js';
import { StackError } from '../stack-error.js';
import { lockOrWait } from '../lock/lock-or-wait.js';
import { withProgress, type Log } from '../progress.js';

/** A part of the stack that is downloaded or built once and cached for all clones. */
export type Installable = {
  readonly name: string;
  /** Folder name in the cache. It contains the version and everything else that distinguishes one build from another. */
  readonly folder: string;
  /** Progress line: what happens, and about how long it takes. */
  readonly doing: string;
  /** Commands that fill the folder `into`, to be run one after the other. */
  commands(into: string): readonly (readonly [string, ...string[]])[];
  readonly env?: (into: string) => Record<string, string>;
};

export type InstallOptions = { readonly cache: string; readonly log: Log; readonly signal?: AbortSignal | undefined };

export function isInstalled(part: Installable, cache: string): boolean {
  return existsSync(join(cache, part.folder));
}

/**
 * Installs a part unless it is cached. The folder appears complete or not at all. Of several processes, one installs the part
 * and the others wait for it.
 * @returns the folder.
 * @throws StackError when a command fails, with the end of its output.
 */
export async function install(part: Installable, options: InstallOptions): Promise<string> {
  const folder = join(options.cache, part.folder);
  if (existsSync(folder)) return folder;
  const lock = await lockOrWait(`${folder}.lock`, {
    ...options,
    waitingFor: (holder) => `waiting for process ${holder}, which is installing ${part.name}`,
    offered: () => Promise.resolve(existsSync(folder) ? folder : undefined),
  });
  if ('offered' in lock) return lock.offered;
  try {
    if (existsSync(folder)) return folder;
    const draft = `${folder}.tmp`;
    // Nobody else has the lock, so an existing draft comes from an interrupted installation.
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    await withProgress(options.log, part.doing, () => fill(part, draft, options));
    renameSync(draft, folder);
    return folder;
  } finally {
    lock.release();
  }
}

async function fill(part: Installable, into: string, { cache, signal }: InstallOptions): Promise<void> {
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
