import { once } from 'node:events';
import { createServer } from 'node:net';
import { ListenError } from './http-server.js';

/**
 * Checks that no process listens on a port, and leaves it free.
 * Otherwise the workers would share the port with a foreign process, which would receive some of the events.
 *
 * @throws ListenError if a process does.
 */
export async function claimPort(host: string, port: number): Promise<void> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
  } catch (cause) {
    throw new ListenError(host, port, { cause });
  }
  server.close();
  await once(server, 'close');
}
