import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { openHttpSource, type OpenSource } from '../../../processor/archive/source/http-source.js';
import type { Target } from '../../../processor/archive/source/link-guard.js';

/** A listener on loopback that must not be reached. Counts connections. */
export class Canary {
  connections = 0;
  /** Targets passed to the connect step. */
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

  /** Replaces the connect step: every connection, whatever its target, goes to the canary. No packet leaves this machine. */
  readonly open: OpenSource = async (target) => {
    this.targets.push(target);
    const socket = connect(this.port, '127.0.0.1');
    await once(socket, 'close');
    throw Object.assign(new Error('reached the canary'), { code: 'ECONNRESET' });
  };

  /** Uses the real connect step for one host, which the test runs itself, and the canary for all others. */
  openBut(host: string): OpenSource {
    return (target, headers, signal) =>
      target.url.host === host ? openHttpSource(target, headers, signal) : this.open(target, headers, signal);
  }
}
