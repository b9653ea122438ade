import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** A self-signed certificate for 127.0.0.1. */
export type TestCertificate = {
  readonly certFile: string;
  readonly keyFile: string;
  readonly ca: string;
  readonly remove: () => void;
};

/** Creates a certificate with the `openssl` command; without that command, returns the bundled one. */
export function testCertificate(): TestCertificate {
  const dir = mkdtempSync(join(tmpdir(), 'ingress-tls-'));
  const remove = () => rmSync(dir, { recursive: true, force: true });
  try {
    makePair(dir);
    return { ...pairIn(dir), remove };
  } catch {
    return { ...pairIn(resolve(import.meta.dirname, 'tls')), remove };
  }
}

function makePair(dir: string): void {
  const name = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(dir, 'key.pem')];
  execFileSync('openssl', ['req', '-x509', '-days', '2', ...key, '-out', join(dir, 'cert.pem'), ...name], {
    stdio: 'pipe',
  });
}

function pairIn(dir: string) {
  const certFile = join(dir, 'cert.pem');
  return { certFile, keyFile: join(dir, 'key.pem'), ca: readFileSync(certFile, 'utf8') };
}
