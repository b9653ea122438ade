import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';

const API_VERSIONS = 18;
const SASL_HANDSHAKE = 17;
const SASL_AUTHENTICATE = 36;
/** Kinds of requests that kafkajs must find in the list of supported ones. */
const SUPPORTED = [API_VERSIONS, SASL_HANDSHAKE, SASL_AUTHENTICATE, 3];

export type FakeBrokerOptions = {
  readonly tls?: TlsOptions;
  /** Error code of the answer to SaslHandshake. Default 0. */
  readonly handshakeError?: number;
  /** Whether the credentials, as the client sends them, are valid. Default: none are. */
  readonly accepts?: (credentials: string) => boolean;
};

/**
 * A broker on a real socket that knows no more of Kafka's protocol than the first requests of a connection: it closes the connection when it
 * receives anything else, or what it takes for a request that is too large, as Kafka does.
 */
export async function startFakeBroker(options: FakeBrokerOptions = {}) {
  const credentials: string[] = [];
  const serve = (socket: Socket) => {
    socket.on('error', () => undefined);
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      for (;;) {
        if (received.length < 4) return;
        const end = 4 + received.readInt32BE(0);
        if (end < 4 || end > 100 * 1024 * 1024) {
          socket.destroy();
          return;
        }
        if (received.length < end) return;
        const body = answer(received.subarray(4, end), options, credentials);
        received = received.subarray(end);
        if (body === undefined) {
          socket.end();
          return;
        }
        socket.write(body);
      }
    });
  };
  const server = options.tls ? createTlsServer(options.tls, serve) : createServer(serve);
  return { port: await listen(server), credentials };
}

/** Listens on a free port and closes everything with the test. */
async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

function answer(request: Buffer, options: FakeBrokerOptions, credentials: string[]): Buffer | undefined {
  const body = bodyOf(request, options, credentials);
  if (body === undefined) return undefined;
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + body.length);
  request.copy(head, 4, 4, 8);
  return Buffer.concat([head, body]);
}

function bodyOf(request: Buffer, options: FakeBrokerOptions, credentials: string[]): Buffer | undefined {
  switch (request.readInt16BE(0)) {
    case API_VERSIONS:
      return apiVersions(request.readInt16BE(2));
    case SASL_HANDSHAKE:
      return Buffer.concat([int16(options.handshakeError ?? 0), int32(1), string('PLAIN')]);
    case SASL_AUTHENTICATE: {
      // The head has the client's id; then follow the size and the bytes.
      const sent = request.subarray(10 + request.readInt16BE(8) + 4).toString();
      credentials.push(sent);
      return options.accepts?.(sent)
        ? Buffer.concat([int16(0), int16(-1), int32(0)])
        : Buffer.concat([int16(58), string('Authentication failed: Invalid username or password'), int32(0)]);
    }
    default:
      return undefined;
  }
}

function apiVersions(version: number): Buffer {
  const apis = SUPPORTED.map((api) => Buffer.concat([int16(api), int16(0), int16(api === SASL_HANDSHAKE ? 1 : 0)]));
  return Buffer.concat([int16(0), int32(apis.length), ...apis, ...(version > 0 ? [int32(0)] : [])]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function string(value: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
}
