import { connect } from 'node:net';
import { type Probe, PROBE_TIMEOUT_MS } from './readiness.js';

// Encodes two kinds of requests by hand, so that the local stack needs no Kafka client.
const METADATA = { api: 3, version: 4 };
const FIND_COORDINATOR = { api: 10, version: 2 };
const GROUP = 0;
const TRANSACTION = 1;

/**
 * Ready when the broker's metadata contain at least one live broker. A broker that has opened its port but is still fenced by
 * its controller lists none.
 */
export function kafkaProbe(host: string, port: number): Probe {
  // topics [], no automatic creation
  const request = encode(METADATA, Buffer.alloc(5));
  // throttle time, count of brokers
  return async () => (await exchange(host, port, request)).readInt32BE(4) > 0;
}

/**
 * {@link kafkaProbe}, and ready for consumer groups and transactions: on a new broker, the first request for a coordinator
 * creates the coordinator's topic and fails until that exists.
 */
export function kafkaCoordinatorProbe(host: string, port: number): Probe {
  const alive = kafkaProbe(host, port);
  // throttle time, error code
  const found = async (kind: number) => {
    const key = Buffer.from('\0\x09readiness');
    const request = encode(FIND_COORDINATOR, Buffer.concat([key, Buffer.from([kind])]));
    return (await exchange(host, port, request)).readInt16BE(4) === 0;
  };
  return async () => (await alive()) && (await Promise.all([found(GROUP), found(TRANSACTION)])).every(Boolean);
}

/** Ready when a TCP connection is accepted. */
export function tcpProbe(host: string, port: number): Probe {
  return () => exchange(host, port, undefined).then(() => true);
}

/** Size, api key, version, correlation id 1, no client id, body. */
function encode({ api, version }: typeof METADATA, body: Buffer): Buffer {
  const header = Buffer.alloc(14);
  header.writeInt32BE(10 + body.length, 0);
  header.writeInt16BE(api, 4);
  header.writeInt16BE(version, 6);
  header.writeInt32BE(1, 8);
  header.writeInt16BE(-1, 12);
  return Buffer.concat([header, body]);
}

/** Connects, sends the request if there is one, and resolves with the first bytes of the response's body. */
function exchange(host: string, port: number, request: Buffer | undefined): Promise<Buffer> {
  return new Promise((settle, fail) => {
    let received: Buffer = Buffer.alloc(0);
    const socket = connect({ host, port }, () => {
      if (request === undefined) done();
      else socket.write(request);
    });
    const done = () => {
      // Size and correlation id precede the body.
      settle(received.subarray(8));
      socket.destroy();
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 16) done();
    });
    socket.once('error', fail);
    socket.once('close', () => fail(new Error('closed')));
  });
}
