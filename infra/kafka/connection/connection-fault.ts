import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** What went wrong with a connection to a broker. Contains no secret. */
export type ConnectionFault = {
  /** `host:port`. */
  readonly broker: string;
  readonly kind:
    /** The connection, or its TLS handshake, failed. */
    | 'failed'
    /** The broker closed an open connection before it had sent a byte. */
    | 'closed unanswered'
    /** The broker closed the connection after its first answer. */
    | 'closed after one answer'
    /** The broker sent a TLS alert on a connection without TLS. */
    | 'TLS alert'
    /** kafkajs reported an error of its own, or one in the broker's answer. */
    | 'reported';
  /** Code of Node or OpenSSL, where there is one. */
  readonly code?: string;
  readonly message: string;
};

/** First byte of a TLS alert. As the first byte of Kafka's size field it would announce 350 MB. */
const TLS_ALERT = 0x15;

/** Reports why a new socket of kafkajs fails, or why the broker closes it early. kafkajs itself says no more than `Closed connection`. */
export function watchSocket<S extends Socket>(socket: S, broker: string, report: (fault: ConnectionFault) => void): S {
  const isTls = socket instanceof TLSSocket;
  let answers = 0;
  let isAlert = false;
  let isOpen = false;
  let isOver = false;
  const end = (fault: Pick<ConnectionFault, 'kind' | 'code' | 'message'>): void => {
    if (isOver) return;
    isOver = true;
    report({ broker, ...fault, ...(isAlert && { kind: 'TLS alert' }) });
  };
  socket.once(isTls ? 'secureConnect' : 'connect', () => (isOpen = true));
  socket.on('data', (chunk: Buffer) => {
    if (answers === 0) isAlert = !isTls && chunk[0] === TLS_ALERT;
    answers += 1;
  });
  socket.once('error', ({ code, message }: NodeJS.ErrnoException) => {
    // Kafka may reset a connection instead of ending it when it has not read all that was sent.
    const isClosed = isOpen && (code === 'ECONNRESET' || code === 'EPIPE');
    if (!isClosed) end({ kind: 'failed', ...(code !== undefined && { code }), message });
    else if (answers <= 1) end({ kind: closedAfter(answers), message });
  });
  socket.once('end', () => {
    // kafkajs itself ends the connections that it no longer needs. One that was in use may end for many reasons.
    if (!isOpen || socket.writableEnded || answers > 1) return;
    end({ kind: closedAfter(answers), message: 'the broker closed the connection' });
  });
  return socket;
}

function closedAfter(answers: number) {
  return answers === 0 ? 'closed unanswered' : 'closed after one answer';
}
