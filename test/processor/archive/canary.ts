import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { openHttpSource, type OpenSource } from '../../../processor/archive/source/http-source.js';
import type { Target } from '../../../processor/archive/source/link-guard.js';

/** A listener on loopback that nobody may reach, and that counts who does. */
export class Canary {
  connections = 0;
  /** Targets that the connect step was given. */
  readonly targets: Target[] = [];

  private constructor(readonly port: number) {}

  static async start(): Promise<Canary> {
    const server = createServer((socket) => {
      canary.connections += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const canary = new Canary((server.address() as AddressInfo).port);
    return canary;
  }

  /** The connect step, replaced: every connection that would be made, wherever to, ends at the canary. So no packet leaves this machine. */
  readonly open: OpenSource = async (target) => {
    this.targets.push(target);
    const socket = connect(this.port, '127.0.0.1');
    await once(socket, 'close');
    throw Object.assign(new Error('reached the canary'), { code: 'ECONNRESET' });
  };

  /** The real connect step for one host that the test runs itself, the canary for all others. */
  openBut(host: string): OpenSource {
    return (target, headers, signal) =>
      target.url.host === host ? openHttpSource(target, headers, signal) : this.open(target, headers, signal);
  }
}
