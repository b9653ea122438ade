import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const POLL_MS = 100;
/** Two seconds: a longer wait would look like a hang without a word. */
const POLLS_BEFORE_WORD = 20;

/**
 * Does `work` while this process holds the lock `file`; other processes wait. A lock whose process has ended counts as free.
 * @param {string} file
 * @param {(holder: string) => void} onWait called once, after two seconds of waiting
 * @param {() => Promise<void>} work
 */
export async function locked(file, onWait, work) {
  mkdirSync(dirname(file), { recursive: true });
  const mine = `${file}.${process.pid}`;
  for (let waited = 0; ; waited += 1) {
    writeFileSync(mine, identity(process.pid));
    if (linked(mine, file)) break;
    const holder = read(file);
    if (holder !== undefined && !isAlive(holder)) {
      // The process that renames it owns it. If it is no longer the lock that was read, its holder gets it back.
      try {
        renameSync(file, mine);
        if (read(mine) !== holder) linked(mine, file);
      } catch {
        // Another waiter was faster.
      }
    } else if (waited === POLLS_BEFORE_WORD) onWait(holder?.split(' ')[0] ?? '?');
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  rmSync(mine);
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  await work().finally(release);
  process.off('exit', release);
}

/** Gives `from` another name. Returns false when the name is taken. */
function linked(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch {
    return false;
  }
}

/** A process id and, where /proc exists, the start time of the process: the id alone may be reused. */
function identity(pid) {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  // A zombie counts as dead, even if its parent has not collected its exit code.
  return fields[0] === 'Z' ? 'dead' : `${pid} ${fields[19] ?? '-'}`;
}

function isAlive(holder) {
  const pid = Number(holder.split(' ')[0]);
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return false;
  }
  return identity(pid) === holder;
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
