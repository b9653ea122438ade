import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { onTestFinished } from 'vitest';

/**
 * A listener that answers like a broker whose controller knows `brokers()` live brokers, and whose coordinators are available (0)
 * or not (an error code).
 */
export async function fakeBroker(brokers: () => number, coordinatorFault: () => number = () => 0): Promise<number> {
  return listen(
    createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (request) => {
        const answer = Buffer.alloc(20);
        answer.writeInt32BE(16, 0);
        answer.writeInt32BE(request.readInt32BE(8), 4);
        if (request.readInt16BE(4) === 3) answer.writeInt32BE(brokers(), 12);
        else answer.writeInt16BE(coordinatorFault(), 12);
        socket.write(answer);
      });
    }),
  );
}

/** An HTTP server that answers every request with `status`. */
export async function fakeHttp(status: number): Promise<number> {
  return listen(createHttpServer((_request, response) => response.writeHead(status).end()));
}

/** A port on which a server listens. */
export async function takenPort(): Promise<number> {
  return listen(createServer());
}

async function listen(server: Server): Promise<number> {
  onTestFinished(() => void server.close());
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  return (server.address() as AddressInfo).port;
}
