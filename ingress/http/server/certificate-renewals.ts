import type { TemplatedApp } from './uws-loader.js';

/** Methods that hand accepted connections to another app, missing from the types of the older build. Both builds have them. */
type Acceptor = TemplatedApp & {
  getDescriptor(): unknown;
  addChildAppDescriptor(descriptor: unknown): void;
  removeChildAppDescriptor(descriptor: unknown): void;
};

/**
 * Serves new connections with another app, which has another certificate, while open connections stay where they are.
 *
 * uWebSockets.js cannot change the certificate of an app. A second app on the same port would work, but closing the first one's listening
 * socket resets the connections that the kernel has queued on it. So the first app keeps listening, and hands on what it accepts. A replaced
 * app stays, without a listening socket, as nothing tells when its last connection has ended; it takes some 100 KiB.
 */
export class CertificateRenewals {
  private readonly apps: TemplatedApp[] = [];

  constructor(private readonly acceptor: TemplatedApp) {}

  /** Serves all connections from now on with `app`. */
  serveWith(app: TemplatedApp): void {
    const acceptor = this.acceptor as Acceptor;
    const previous = this.apps.at(-1);
    acceptor.addChildAppDescriptor((app as Acceptor).getDescriptor());
    if (previous !== undefined) acceptor.removeChildAppDescriptor((previous as Acceptor).getDescriptor());
    this.apps.push(app);
  }

  /** Closes all connections that the renewed apps serve. */
  close(): void {
    for (const app of this.apps) app.close();
  }
}
