import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../infra/program/pid-lock.js';

/** The broker of the native stack in `dir`, which its launcher starts again when it has been killed. */
export class BrokerProcess {
  private hung: number | undefined;

  constructor(private readonly dir: string) {}

  kill(): void {
    process.kill(this.pid(), 'SIGKILL');
  }

  /** SIGSTOP: connections stay open, nothing is answered. */
  hang(): void {
    this.hung = this.pid();
    process.kill(this.hung, 'SIGSTOP');
  }

  /** SIGCONT after {@link hang}. Idempotent. */
  goOn(): void {
    if (this.hung !== undefined) process.kill(this.hung, 'SIGCONT');
    this.hung = undefined;
  }

  /** @throws Error when it does not run. */
  pid(): number {
    const lines = readFileSync(join(this.dir, 'services.pids'), 'utf8').trim().split('\n');
    for (const line of lines) {
      const [pid = '', start = ''] = line.split(' ');
      if (!isAlive(Number(pid), start)) continue;
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('kafka.Kafka')) return Number(pid);
    }
    throw new Error('the broker does not run');
  }
}
