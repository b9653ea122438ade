import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands for the provider's download server: serves each file under a link that contains a secret. A link without a file has expired. */
export class AudioServer {
  private readonly files = new Map<string, Buffer>();
  private readonly server: Server;

  /** @param publicHost name under which the processor reaches this machine. */
  constructor(private readonly publicHost: string) {
    this.server = createServer((request, response) => {
      const file = this.files.get(request.url ?? '');
      if (file === undefined)
        response.writeHead(403, { 'content-type': 'application/xml' }).end('<Error><Code>AccessDenied</Code></Error>');
      else response.writeHead(200, { 'content-type': 'audio/wav', 'content-length': file.length }).end(file);
    });
  }

  async start(): Promise<void> {
    // A processor in a container cannot reach this machine's loopback address.
    this.server.listen(0, this.publicHost === '127.0.0.1' ? '127.0.0.1' : '0.0.0.0');
    await once(this.server, 'listening');
  }

  /** @returns the link to the file, or an expired link without one. */
  publish(path: string, file: Buffer | undefined): string {
    const url = `/${path}?signature=demo`;
    if (file !== undefined) this.files.set(url, file);
    return `http://${this.publicHost}:${(this.server.address() as AddressInfo).port}${url}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
