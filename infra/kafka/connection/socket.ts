import type { ISocketFactory } from 'kafkajs';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

const KEEP_ALIVE_MS = 60_000;
/** Size of a connection's read buffer, and so of the largest read. Pages that no response reaches use no memory. */
const READ_BYTES = 128 * 1024;

/** `ssl` is null when TLS is off, although the types of kafkajs do not say so. */
const isTls = (ssl: ConnectionOptions | null): ssl is ConnectionOptions => ssl !== null;

/**
 * Creates the sockets of kafkajs, with one read buffer for each connection. Node would allocate 64 KiB for each read, though most
 * responses are small. TLS sockets have buffers of their own.
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
