import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../infra/program/pid-lock.js';

/** The broker of the native stack in `dir`. Its launcher restarts it after it was killed. */
export class BrokerProcess {
  private hung: number | undefined;

  constructor(private readonly dir: string) {}

  kill(): void {
    process.kill(this.pid(), 'SIGKILL');
  }

  /** SIGSTOP: connections stay open, but nothing is answered. */
  hang(): void {
    this.hung = this.pid();
    process.kill(this.hung, 'SIGSTOP');
  }

  /** SIGCONT after {@link hang}. Idempotent. */
  resume(): void {
    if (this.hung !== undefined) process.kill(this.hung, 'SIGCONT');
    this.hung = undefined;
  }

  /** @throws Error when the broker is not running. */
  pid(): number {
    const lines = readFileSync(join(this.dir, 'services.pids'), 'utf8').trim().split('\n');
    for (const line of lines) {
      const [pid = '', start = ''] = line.split(' ');
      if (!isAlive(Number(pid), start)) continue;
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('kafka.Kafka')) return Number(pid);
    }
    throw new Error(`no running broker in ${this.dir}/services.pids`);
  }
}
