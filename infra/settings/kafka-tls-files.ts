import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { fileFault } from './file-fault.js';
import type { ReloadableFiles } from './file-reloader.js';

type TlsSettings = { readonly [Setting in keyof typeof OPTIONS]: string };
type TlsContents = { readonly ca?: string; readonly cert?: string; readonly key?: string };

const OPTIONS = { KAFKA_SSL_CA_FILE: 'ca', KAFKA_SSL_CERT_FILE: 'cert', KAFKA_SSL_KEY_FILE: 'key' } as const;

/** Certificate authority, client certificate and key for connections to Kafka: the contents of the files that the settings name. */
export class KafkaTlsFiles {
  /** For `tls.connect`. Its properties are always the newest valid contents. */
  readonly options: TlsContents;
  readonly reloads: readonly ReloadableFiles[];

  /** @throws Error that names a setting and its file if they cannot be used. */
  constructor(settings: Partial<TlsSettings>) {
    const named = filesOf(settings);
    const contents = named.map(({ setting, path }) => {
      try {
        return readFileSync(path, 'utf8');
      } catch (error) {
        throw new TypeError(`${setting} (${path}): ${fileFault(error)}`, { cause: error });
      }
    });
    const options: { ca?: string; cert?: string; key?: string } = {};
    const apply = (next: readonly string[]) => void Object.assign(options, checked(named, next));
    apply(contents);
    this.options = options;
    const files = named.map(({ path }) => path);
    const setting = named.map((file) => file.setting).join(', ');
    this.reloads = named.length === 0 ? [] : [{ setting, files, inUse: contents, apply }];
  }
}

/** Why the files for TLS to Kafka cannot be used. Names the setting and the path. */
export function kafkaTlsFaults(settings: Partial<TlsSettings>): string[] {
  try {
    new KafkaTlsFiles(settings);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

type NamedFile = { readonly setting: keyof typeof OPTIONS; readonly path: string };

function filesOf(settings: Partial<TlsSettings>): NamedFile[] {
  return (Object.keys(OPTIONS) as NamedFile['setting'][]).flatMap((setting) => {
    const path = settings[setting];
    return path ? [{ setting, path: resolve(path) }] : [];
  });
}

function checked(named: readonly NamedFile[], contents: readonly string[]): TlsContents {
  const options: Record<string, string> = {};
  for (const [index, { setting, path }] of named.entries()) {
    const content = contents[index] ?? '';
    const fault = setting === 'KAFKA_SSL_KEY_FILE' ? keyFault(content) : certificateFault(content);
    if (fault !== undefined) throw new TypeError(`${setting} (${path}): ${fault}`);
    options[OPTIONS[setting]] = content;
  }
  const { cert, key } = options;
  try {
    if (cert !== undefined && key !== undefined) createSecureContext({ cert, key });
  } catch (error) {
    const paths = named.filter(({ setting }) => setting !== 'KAFKA_SSL_CA_FILE').map(({ path }) => path);
    throw new TypeError(
      `KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE (${paths.join(', ')}) cannot be used together: ${(error as Error).message}`,
      { cause: error },
    );
  }
  return options;
}

/** TLS ignores what it cannot read in a file of certificate authorities, and then trusts nobody. */
function certificateFault(content: string): string | undefined {
  const blocks = content.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END [^-]*-----/g) ?? [];
  if (blocks.length === 0) return 'the file holds no certificate in PEM format (-----BEGIN CERTIFICATE-----)';
  for (const [index, block] of blocks.entries()) {
    try {
      new X509Certificate(block);
    } catch {
      return `certificate ${index + 1} in the file is damaged`;
    }
  }
  return undefined;
}

function keyFault(content: string): string | undefined {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/.test(content)) {
    return 'the key is encrypted; store it without a passphrase';
  }
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(content)) return undefined;
  return 'the file holds no private key in PEM format (-----BEGIN PRIVATE KEY-----)';
}
