import { once } from 'node:events';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { FileReloader } from '../../../infra/settings/file-reloader.js';
import { certificateReload } from '../../../ingress/http/server/tls-files.js';
import { tempDir } from '../../support/temp-dir.js';
import { startIngressOnMemory, TOKEN } from '../ingress-on-memory.js';
import { SESSION_ENDED } from '../webhook/sample-events.js';
import { RawConnection } from './raw-connection.js';
import { testCertificate } from './tls-certificate.js';

const EVENT = JSON.stringify(SESSION_ENDED);
const POST = `POST /v1/webhooks/pathors HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: ${EVENT.length}\r\n\r\n${EVENT}`;

const bundled = resolve(import.meta.dirname, 'tls');
const OLD = { certFile: join(bundled, 'cert.pem'), keyFile: join(bundled, 'key.pem') };
const NEW = testCertificate();
afterAll(NEW.remove);
const hasOpenssl = NEW.certFile !== OLD.certFile;

const serialOf = (certFile: string) => new X509Certificate(readFileSync(certFile)).serialNumber;

type Pair = { readonly certFile: string; readonly keyFile: string };

async function start() {
  const dir = tempDir();
  const files = { certFile: join(dir, 'cert.pem'), keyFile: join(dir, 'key.pem') };
  const install = (cert: Pair, key = cert) => {
    copyFileSync(cert.certFile, files.certFile);
    copyFileSync(key.keyFile, files.keyFile);
  };
  install(OLD);
  const ingress = await startIngressOnMemory({ tls: files });
  const sockets: TLSSocket[] = [];
  const warnings: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) });
  const reloader = new FileReloader([certificateReload(files, ingress.server.replaceCertificate)], logger);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    ingress.close();
  });
  /** A new connection, and the serial number of the certificate that it was shown. */
  const handshake = async () => {
    const socket = connect({ port: ingress.port, host: '127.0.0.1', rejectUnauthorized: false });
    sockets.push(socket);
    await once(socket, 'secureConnect');
    return { connection: RawConnection.on(socket), serial: socket.getPeerCertificate().serialNumber };
  };
  return { ingress, install, files, reload: reloader.reload, handshake, warnings };
}

const accepted = async (connection: RawConnection) =>
  expect(await connection.send(POST).response()).toMatchObject({ status: 202 });

describe.skipIf(!hasOpenssl)(`a renewed certificate${hasOpenssl ? '' : ' (openssl is missing)'}`, () => {
  it('is shown to new connections, while open ones go on', async () => {
    const { ingress, install, reload, handshake } = await start();
    const opened = [await handshake()];
    expect(opened[0]?.serial).toBe(serialOf(OLD.certFile));
    for (const pair of [NEW, OLD, NEW]) {
      install(pair);
      await reload();
      const next = await handshake();
      expect(next.serial).toBe(serialOf(pair.certFile));
      opened.push(next);
      for (const { connection } of opened) await accepted(connection);
    }
    expect(ingress.sink.records).toHaveLength(2 + 3 + 4);
  });

  it('costs no connection and no event', async () => {
    const { ingress, install, reload, handshake } = await start();
    const senders = Array.from({ length: 4 }, async () => {
      for (let sent = 0; sent < 25; sent += 1) {
        const { connection } = await handshake();
        await accepted(connection);
        connection.destroy();
      }
    });
    const renewals = (async () => {
      for (let renewal = 0; renewal < 10; renewal += 1) {
        install(renewal % 2 === 0 ? NEW : OLD);
        await reload();
        await accepted((await handshake()).connection);
      }
    })();
    await Promise.all([...senders, renewals]);
    expect(ingress.sink.records).toHaveLength(110);
  });

  it('is not used without its key; the previous pair stays', async () => {
    const { files, install, reload, handshake, warnings } = await start();
    install(NEW, OLD);
    await reload();
    await reload();
    expect((await handshake()).serial).toBe(serialOf(OLD.certFile));
    expect(warnings).toEqual([expect.stringContaining(files.certFile)]);
    expect(warnings[0]).not.toContain('PRIVATE KEY');
    install(NEW);
    await reload();
    expect((await handshake()).serial).toBe(serialOf(NEW.certFile));
  });

  it('is not used when the file holds no certificate', async () => {
    const { files, reload, handshake, warnings } = await start();
    writeFileSync(files.certFile, 'not a certificate');
    await reload();
    expect((await handshake()).serial).toBe(serialOf(OLD.certFile));
    expect(warnings).toHaveLength(1);
  });

  it('leaves the stop as it was: answers close their connections, and the port is closed', async () => {
    const { ingress, install, reload, handshake } = await start();
    const old = await handshake();
    install(NEW);
    await reload();
    const renewed = await handshake();
    ingress.server.drain();
    for (const { connection } of [old, renewed]) {
      expect(await connection.send(POST).response()).toMatchObject({ status: 202, headers: { connection: 'close' } });
      expect(await connection.end()).toBe('');
    }
    await expect(handshake()).rejects.toThrow('ECONNREFUSED');
  });

  it('leaves the close as it was: no connection survives', async () => {
    const { ingress, install, reload, handshake } = await start();
    const old = await handshake();
    install(NEW);
    await reload();
    const renewed = await handshake();
    ingress.server.close();
    expect(await old.connection.end()).toBe('');
    expect(await renewed.connection.end()).toBe('');
  });
});
