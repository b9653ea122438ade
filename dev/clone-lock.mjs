import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Does `work` while this process holds the lock `file`; the others wait. A lock whose process is gone does not count.
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
      // Whoever renames it has it; if it is no longer the one we read, its holder gets it back.
      try {
        renameSync(file, mine);
        if (read(mine) !== holder) linked(mine, file);
      } catch {
        // Another waiter was faster.
      }
    } else if (waited === 20) onWait(holder?.split(' ')[0] ?? '?');
    await delay(100);
  }
  rmSync(mine);
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  await work().finally(release);
  process.off('exit', release);
}

/** Gives `from` another name, or says that the name is taken. */
function linked(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch {
    return false;
  }
}

/** A process id and, where there is a /proc to ask, when the process started: an id alone may be given anew. */
function identity(pid) {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  // A zombie is dead, whether its parent has looked or not.
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
