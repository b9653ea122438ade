import type { ISocketFactory } from 'kafkajs';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

const KEEP_ALIVE_MS = 60_000;
/** As much as one read takes in. Pages of it that no answer was large enough for are never touched. */
const READ_BYTES = 128 * 1024;

/** kafkajs's types say that it is always there; it is null when TLS is off. */
const isTls = (ssl: ConnectionOptions | null): ssl is ConnectionOptions => ssl !== null;

/**
 * kafkajs's connections, with one buffer to read into where Node would make one of 64 KiB for each read, however little comes: most
 * answers are small, and the large ones come in fewer pieces. TLS has buffers of its own.
 */
export const createSocket: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  if (isTls(ssl)) {
    const options = isIP(host) === 0 ? { host, port, servername: host, ...ssl } : { host, port, ...ssl };
    return connectTls(options, onConnect).setKeepAlive(true, KEEP_ALIVE_MS);
  }
  const onread = {
    buffer: Buffer.allocUnsafeSlow(READ_BYTES),
    callback: (length: number, bytes: Uint8Array) => {
      socket.emit('data', Buffer.from(bytes.subarray(0, length)));
      return true;
    },
  };
  const socket = connectTcp({ host, port, onread }, onConnect).setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
};
