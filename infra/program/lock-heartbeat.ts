import { closeSync, futimes, openSync, readFile, readFileSync, statSync } from 'node:fs';
import { backgroundClock, type Cancel, type Clock } from '../async/clock.js';

/** Interval at which a holder refreshes the modification time of its lock file. */
export const HEARTBEAT_MS = 3_000;

/** A holder elsewhere that lets this time pass without a heartbeat, while this process watches, has ended. */
export const SILENCE_MS = 20_000;

/** Age of a heartbeat that proves without watching that the holder has ended: far beyond the difference of two hosts' clocks. */
const MAX_AGE_MS = 120_000;

/** A holder whose own heartbeat is this late reads the file before it trusts the lock. */
const LATE_MS = SILENCE_MS / 2;

/** Shows other containers and hosts, which cannot see this process, that the holder of a lock file lives. */
export class LockHeartbeat {
  private readonly fd: number;
  private cancelBeat: Cancel = () => undefined;
  private beatAt: number;
  private isBeating = false;
  private isLost = false;
  private isStopped = false;

  /** @param content of the lock file while this process holds it. @throws Error of the file system. */
  constructor(
    private readonly file: string,
    private readonly content: string,
    private readonly clock: Clock = backgroundClock,
  ) {
    // The descriptor stays with this process's own file: a later holder's file is another one under the same name.
    this.fd = openSync(file, 'r+');
    this.beatAt = clock.monotonic();
    this.schedule();
  }

  /** False once another process has taken the lock over, because this one was silent for too long. */
  get isHeld(): boolean {
    if (!this.isLost && this.clock.monotonic() - this.beatAt > LATE_MS) this.compare(read(this.file));
    return !this.isLost;
  }

  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.cancelBeat();
    if (!this.isBeating) closeSync(this.fd);
  }

  private schedule(): void {
    this.cancelBeat = this.clock.after(HEARTBEAT_MS, () => this.beat());
  }

  /** Asynchronous, because a disk that hangs must not stop the event loop. */
  private beat(): void {
    const startedAt = this.clock.monotonic();
    const seconds = this.clock.now() / 1_000;
    this.isBeating = true;
    futimes(this.fd, seconds, seconds, (touchError) => {
      readFile(this.file, 'utf8', (readError, found) => {
        this.isBeating = false;
        if (readError === null) this.compare(found);
        if (touchError === null && readError === null) this.beatAt = startedAt;
        if (this.isStopped) closeSync(this.fd);
        else if (!this.isLost) this.schedule();
      });
    });
  }

  /** A missing file is nobody's: whoever takes it writes another content. */
  private compare(found: string | undefined): void {
    if (found !== undefined && found !== this.content) this.isLost = true;
  }
}

type Sighting = { readonly beat: string; readonly since: number };

/** What this process has seen of holders elsewhere, by lock file. */
const sightings = new Map<string, Sighting>();

/**
 * For how long (ms) the holder of a lock file, which this process cannot see, has shown no sign of life; `ended` once that is enough.
 * Trusts no difference of clocks below two minutes: the time counts from the first call that saw the present heartbeat.
 *
 * @param now the file system's present time in ms since the epoch, as of a file that was just written.
 * @throws Error of the file system, ENOENT among them.
 */
export function silenceOf(file: string, content: string, now: number, clock: Clock): number | 'ended' {
  const { mtimeMs } = statSync(file);
  const beat = `${mtimeMs} ${content}`;
  const seen = sightings.get(file);
  const sighting = seen?.beat === beat ? seen : { beat, since: clock.monotonic() };
  sightings.set(file, sighting);
  const silentMs = clock.monotonic() - sighting.since;
  if (silentMs < SILENCE_MS && now - mtimeMs < MAX_AGE_MS) return silentMs;
  sightings.delete(file);
  return 'ended';
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
