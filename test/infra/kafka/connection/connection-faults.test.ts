import { readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { createKafka } from '../../../../infra/kafka/connection/client.js';
import { commonFaults, commonSpecs } from '../../../../infra/settings/common.js';
import { FileReloader } from '../../../../infra/settings/file-reloader.js';
import { KafkaTlsFiles } from '../../../../infra/settings/kafka-tls-files.js';
import { readSettings, type Env } from '../../../../infra/settings/read-settings.js';
import { secretReloads } from '../../../../infra/settings/secrets.js';
import { testCertificate } from '../../../ingress/http/tls-certificate.js';
import { silent } from '../../../support/stack-settings.js';
import { tempDir } from '../../../support/temp-dir.js';
import { startFakeBroker } from './fake-broker.js';

const ONCE = { retry: { retries: 0 } };
const PASSWORD = 'S3cr3t-of-the-broker';
const SASL = { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'ingress', KAFKA_SASL_PASSWORD: PASSWORD };

const certificate = testCertificate();
const other = testCertificate();
afterAll(() => {
  certificate.remove();
  other.remove();
});
const hasOpenssl = certificate.certFile !== other.certFile;
const identity = { cert: certificate.ca, key: readFileSync(certificate.keyFile) };
const TRUSTING = { KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: certificate.certFile };

type Line = { readonly msg: string; readonly level: number };

/** Attempts to connect that still run: kafkajs repeats them for some seconds. */
const running: Promise<void>[] = [];
afterAll(() => Promise.all(running));

/** Tries to connect with these settings, and returns the first line that says what to change; `undefined` if the connection succeeds. */
async function connectWith(env: Env): Promise<string | undefined> {
  const lines: Line[] = [];
  return await new Promise((done) => {
    const write = (text: string): void => {
      const line = JSON.parse(text) as Line;
      lines.push(line);
      if (line.msg.startsWith('cannot use Kafka broker')) done(line.msg);
    };
    const logger = pino({ level: 'trace' }, { write });
    const admin = createKafka(readSettings(env, commonSpecs, commonFaults), 'test', logger).admin(ONCE);
    const attempt = async () => {
      const isConnected = await admin.connect().then(
        () => true,
        () => false,
      );
      if (isConnected) await admin.listTopics().catch(() => undefined);
      await admin.disconnect();
      done(undefined);
      // However often kafkajs tries, no line is repeated.
      const advice = lines.map(({ msg }) => msg).filter((msg) => msg.startsWith('cannot use'));
      expect(advice).toEqual([...new Set(advice)]);
      expect(JSON.stringify(lines)).not.toContain(PASSWORD);
    };
    running.push(attempt());
  });
}

const at = (port: number, host = '127.0.0.1') => ({ KAFKA_BROKERS: `${host}:${port}` });

describe('one line names the setting to change', () => {
  it('for a client without TLS on a TLS port', async () => {
    const { port } = await startFakeBroker({ tls: identity });
    expect(await connectWith(at(port))).toEqual(expect.stringMatching(/127\.0\.0\.1:\d+: .*KAFKA_SSL=true/));
  });

  it('for a client without TLS on a port that closes unknown connections', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.end())).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    expect(await connectWith(at(port))).toEqual(expect.stringContaining('KAFKA_SSL=true'));
  });

  it('for a client with TLS on a port without', async () => {
    const { port } = await startFakeBroker();
    expect(await connectWith({ ...at(port), ...TRUSTING })).toEqual(expect.stringContaining('KAFKA_SSL=false'));
  });

  it('for a missing certificate authority', async () => {
    const { port } = await startFakeBroker({ tls: identity });
    expect(await connectWith({ ...at(port), KAFKA_SSL: 'true' })).toEqual(
      expect.stringContaining('set KAFKA_SSL_CA_FILE'),
    );
  });

  it.skipIf(!hasOpenssl)(
    `for the wrong certificate authority${hasOpenssl ? '' : ' (openssl is missing)'}`,
    async () => {
      const { port } = await startFakeBroker({ tls: identity });
      const env = { ...at(port), KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: other.certFile };
      expect(await connectWith(env)).toEqual(expect.stringContaining('set KAFKA_SSL_CA_FILE'));
    },
  );

  it('for a certificate of another host', async () => {
    const { port } = await startFakeBroker({ tls: identity });
    expect(await connectWith({ ...at(port, 'localhost'), ...TRUSTING })).toEqual(
      expect.stringMatching(/another host name; .*KAFKA_BROKERS/),
    );
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('for a missing client certificate with %s', async (maxVersion) => {
    const { port } = await startFakeBroker({
      tls: { ...identity, requestCert: true, rejectUnauthorized: true, maxVersion },
    });
    expect(await connectWith({ ...at(port), ...TRUSTING })).toEqual(
      expect.stringContaining('set KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE'),
    );
  });

  it('for a client without credentials on a port that asks for them', async () => {
    const { port } = await startFakeBroker();
    expect(await connectWith(at(port))).toEqual(expect.stringContaining('set KAFKA_SASL_MECHANISM'));
  });

  it('for a client with credentials on a port that does not ask for them', async () => {
    const { port } = await startFakeBroker({ handshakeError: 34 });
    expect(await connectWith({ ...at(port), ...SASL })).toEqual(expect.stringContaining('unset KAFKA_SASL_MECHANISM'));
  });

  it('for a mechanism that the broker does not offer', async () => {
    const { port } = await startFakeBroker({ handshakeError: 33 });
    expect(await connectWith({ ...at(port), ...SASL })).toEqual(
      expect.stringContaining('does not offer plain; set KAFKA_SASL_MECHANISM'),
    );
  });

  it.each([{}, { tls: identity }])('for a wrong password %#', async (options) => {
    const { port, credentials } = await startFakeBroker(options);
    const env = { ...at(port), ...SASL, ...('tls' in options && TRUSTING) };
    expect(await connectWith(env)).toEqual(expect.stringMatching(/check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD/));
    expect(credentials).toEqual([`\0ingress\0${PASSWORD}`]);
  });

  it('for a host name that cannot be resolved', async () => {
    // An empty label makes the name invalid, so no name server is asked.
    expect(await connectWith(at(9092, 'no..host'))).toEqual(
      expect.stringMatching(/no\.\.host:9092: the host name cannot be resolved; check it in KAFKA_BROKERS/),
    );
  });

  it('for a port on which nothing listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    expect(await connectWith(at(port))).toEqual(expect.stringMatching(/nothing listens on the port; .*KAFKA_BROKERS/));
  });
});

it('a broker that ends a connection in use is no fault of the settings', async () => {
  const { port } = await startFakeBroker({ accepts: () => true });
  expect(await connectWith({ ...at(port), ...SASL })).toBeUndefined();
});

describe('a new connection', () => {
  it('uses the password that the file has by then', async () => {
    const path = join(tempDir(), 'password');
    writeFileSync(path, 'old\n');
    const { port, credentials } = await startFakeBroker({ accepts: (sent) => sent.endsWith('\0new') });
    const env = { ...at(port), ...SASL, KAFKA_SASL_PASSWORD: '', KAFKA_SASL_PASSWORD_FILE: path };
    const settings = readSettings(env, commonSpecs, commonFaults);
    const kafka = createKafka(settings, 'test', silent);
    const reloader = new FileReloader(secretReloads(env, commonSpecs, settings), silent);
    const admin = kafka.admin(ONCE);
    await expect(admin.connect()).rejects.toThrow('Authentication failed');
    writeFileSync(path, 'new\n');
    await reloader.reload();
    await admin.connect();
    await admin.disconnect();
    expect(credentials).toEqual(['\0ingress\0old', '\0ingress\0new']);
  });

  it.skipIf(!hasOpenssl)(
    `uses the authority and the client certificate of the files${hasOpenssl ? '' : ' (openssl is missing)'}`,
    async () => {
      const dir = tempDir();
      const install = ({ certFile, keyFile }: typeof certificate) => {
        writeFileSync(join(dir, 'ca.pem'), readFileSync(certFile));
        writeFileSync(join(dir, 'cert.pem'), readFileSync(certFile));
        writeFileSync(join(dir, 'key.pem'), readFileSync(keyFile));
      };
      install(other);
      // Trusts itself, and so no client but one with its own certificate.
      const { port } = await startFakeBroker({
        tls: { ...identity, ca: certificate.ca, requestCert: true, rejectUnauthorized: true },
        accepts: () => true,
      });
      const env = {
        ...at(port),
        ...SASL,
        KAFKA_SSL: 'true',
        KAFKA_SSL_CA_FILE: join(dir, 'ca.pem'),
        KAFKA_SSL_CERT_FILE: join(dir, 'cert.pem'),
        KAFKA_SSL_KEY_FILE: join(dir, 'key.pem'),
      };
      const settings = readSettings(env, commonSpecs, commonFaults);
      const tlsFiles = new KafkaTlsFiles(settings);
      const admin = createKafka(settings, 'test', silent, tlsFiles).admin(ONCE);
      const reloader = new FileReloader(tlsFiles.reloads, silent);
      await expect(admin.connect()).rejects.toThrow('self-signed certificate');
      install(certificate);
      writeFileSync(join(dir, 'key.pem'), readFileSync(other.keyFile));
      await reloader.reload();
      expect(tlsFiles.options).toMatchObject({ ca: other.ca, cert: other.ca });
      install(certificate);
      await reloader.reload();
      await admin.connect();
      await admin.disconnect();
    },
  );
});
