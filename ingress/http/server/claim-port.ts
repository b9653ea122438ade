import { once } from 'node:events';
import { createServer } from 'node:net';
import { ListenError } from './http-server.js';

/**
 * Makes sure that nobody listens on a port, and leaves it free again.
 * Sharing a port would let the workers share it with a stranger as well, who would get some of the events.
 *
 * @throws ListenError when somebody does.
 */
export async function claimPort(host: string, port: number): Promise<void> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
  } catch (cause) {
    throw new ListenError(
      `cannot listen on ${host} port ${port}: the port is taken, or the address is not of this machine`,
      { cause },
    );
  }
  server.close();
  await once(server, 'close');
}
