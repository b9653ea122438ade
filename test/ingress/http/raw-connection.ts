import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

export type RawResponse = {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** A TCP connection on which a test writes arbitrary bytes and reads HTTP responses. */
export class RawConnection {
  private received = Buffer.alloc(0);
  private ended = false;
  private readonly checks = new Set<() => void>();

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.notify();
    });
    for (const event of ['end', 'close', 'error']) {
      socket.on(event, () => {
        this.ended = true;
        this.notify();
      });
    }
  }

  /** Uses a connected socket, for example one with TLS. */
  static on(socket: Socket): RawConnection {
    return new RawConnection(socket);
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.setNoDelay(true);
    return new RawConnection(socket);
  }

  send(...parts: readonly (string | Buffer)[]): this {
    this.socket.write(Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))));
    return this;
  }

  /** Resolves once the kernel has accepted all sent bytes. */
  async flushed(): Promise<void> {
    await new Promise<void>((resolve) => this.socket.write('', () => resolve()));
  }

  /** The next response; `undefined` if the connection ends before it is complete. */
  response(part: 'whole' | 'head only' = 'whole'): Promise<RawResponse | undefined> {
    return new Promise((resolve) => {
      const check = (): void => {
        const response = this.readResponse(part === 'whole');
        if (response === undefined && !this.ended) return;
        this.checks.delete(check);
        resolve(response);
      };
      this.checks.add(check);
      check();
    });
  }

  /** Resolves when the server has ended the connection, with the bytes that were not read as responses. */
  end(): Promise<string> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!this.ended) return;
        this.checks.delete(check);
        resolve(this.received.toString());
      };
      this.checks.add(check);
      check();
    });
  }

  /** Ends the sending side and continues to read. */
  finish(): this {
    this.socket.end();
    return this;
  }

  /** Aborts the connection. */
  destroy(): void {
    if (this.socket instanceof TLSSocket) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  private notify(): void {
    for (const check of this.checks) check();
  }

  private readResponse(hasBody: boolean): RawResponse | undefined {
    const headEnd = this.received.indexOf('\r\n\r\n');
    if (headEnd === -1) return undefined;
    const [statusLine = '', ...lines] = this.received.subarray(0, headEnd).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const status = Number(statusLine.split(' ')[1]);
    const length = headers['content-length'];
    // Without a length, the body extends to the end of the connection.
    if (hasBody && status >= 200 && length === undefined && !this.ended) return undefined;
    const bodyEnd =
      hasBody && status >= 200 ? headEnd + 4 + Number(length ?? this.received.length - headEnd - 4) : headEnd + 4;
    if (this.received.length < bodyEnd) return undefined;
    const body = this.received.subarray(headEnd + 4, bodyEnd).toString();
    this.received = this.received.subarray(bodyEnd);
    return { status, headers, body };
  }
}
