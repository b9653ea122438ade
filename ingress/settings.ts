import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { bool, makeValidator, str } from 'envalid';
import { MAX_RECORD_BYTES } from '../infra/kafka/topics/topic-layout.js';
import { commonFaults, commonSpecs } from '../infra/settings/common.js';
import type { ReloadableFiles } from '../infra/settings/file-reloader.js';
import { rescueSpecs } from '../infra/spool/rescue-settings.js';
import { readSettings, type Env } from '../infra/settings/read-settings.js';
import { secret, secretReloads } from '../infra/settings/secrets.js';
import { integer, port, splitList } from '../infra/settings/validators.js';
import { trustedProxies } from './http/client/trusted-proxies.js';
import { KEEP_ALIVE_MODES } from './http/connections/keep-alive.js';
import { tlsFault, type TlsFiles } from './http/server/tls-files.js';

/** Room for a record's key, headers and framing, beside its value. */
const RECORD_HEADROOM_BYTES = 64 * 1024;

/** Tokens as they may follow `Bearer ` in a header: visible ASCII. A file may have one on each line. Error messages must not contain them. */
const tokenList = makeValidator<readonly string[]>((input: string) => {
  const tokens = splitList(input.replace(/[\r\n]+/g, ','));
  if (!tokens.every((token) => /^[\x21-\x7e]+$/.test(token))) {
    throw new TypeError('must be a comma-separated list of tokens of visible ASCII characters without spaces');
  }
  return tokens;
});

const headerName = makeValidator<string>((input: string) => {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(input)) throw new TypeError('must be the name of an HTTP header');
  return input.toLowerCase();
});

const proxyList = makeValidator<readonly string[]>((input: string) => {
  const items = splitList(input);
  trustedProxies(items);
  return items;
});

export const ingressSpecs = {
  ...commonSpecs,
  INGRESS_HOST: str({ default: '0.0.0.0' }),
  INGRESS_PORT: port({ default: 8080 }),
  /** Number of processes that share the port. */
  INGRESS_WORKERS: integer({ min: 1, max: 256 })({ default: 1 }),
  INGRESS_TOKENS: secret(tokenList({ default: [] })),
  INGRESS_ALLOW_ANONYMOUS: bool({ default: false }),
  INGRESS_AUTH_HEADER: headerName({ default: 'authorization' }),
  /** PEM files. No TLS if both are empty. See {@link tlsFiles}. */
  INGRESS_TLS_CERT_FILE: str({ default: '' }),
  INGRESS_TLS_KEY_FILE: str({ default: '' }),
  INGRESS_MAX_BODY_BYTES: integer({ min: 1, max: MAX_RECORD_BYTES - RECORD_HEADROOM_BYTES })({ default: 1_048_576 }),
  /** Time that an event waits for others to share a request to Kafka. */
  INGRESS_LINGER_MS: integer({ min: 0, max: 1_000 })({ default: 5 }),
  INGRESS_ACK_TIMEOUT_MS: integer({ min: 1, max: 600_000 })({ default: 2_000 }),
  /** Empty means unset: see {@link spoolDir}. */
  INGRESS_SPOOL_DIR: str({ default: '' }),
  INGRESS_SPOOL_MAX_BYTES: integer({ min: 0 })({ default: 1_073_741_824 }),
  /** How long a process that never reached Kafka stays unready during an outage: see {@link isReady}. */
  INGRESS_READY_TIMEOUT_MS: integer({ min: 0 })({ default: 15_000 }),
  /** Request line and header fields together. uWebSockets.js takes at most 98 fields, whatever their size. */
  INGRESS_MAX_HEAD_BYTES: integer({ min: 1_024, max: 131_072 })({ default: 16_384 }),
  INGRESS_KEEP_ALIVE: str({ choices: KEEP_ALIVE_MODES, default: 'auto' }),
  /** Addresses and CIDR ranges of proxies whose `X-Forwarded-For` and `Forwarded` are believed. */
  INGRESS_TRUSTED_PROXIES: proxyList({ default: [] }),
  /** Time between SIGTERM and closing the port, in which load balancers notice that the ingress is not ready. */
  INGRESS_SHUTDOWN_DELAY_MS: integer({ min: 0, max: 600_000 })({ default: 0 }),
  INGRESS_DRAIN_MS: integer({ min: 0, max: 600_000 })({ default: 10_000 }),
  ...rescueSpecs,
};

/**
 * The spool's folder. The default is in the user's state folder, which survives a reboot, unlike a temporary folder. Each
 * TOPIC_PREFIX has its own, so that no event reaches the topics of another.
 */
export function spoolDir(
  settings: Pick<IngressSettings, 'INGRESS_SPOOL_DIR' | 'TOPIC_PREFIX'>,
  env: Env = process.env,
) {
  if (settings.INGRESS_SPOOL_DIR !== '') return resolve(settings.INGRESS_SPOOL_DIR);
  const state = env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
  return join(state, 'pathors-session-stream', `spool-${settings.TOPIC_PREFIX}`.replace(/-$/, ''));
}

type TlsSettings = { readonly INGRESS_TLS_CERT_FILE: string; readonly INGRESS_TLS_KEY_FILE: string };

/** Certificate and key of the ingress; `undefined` if it serves without TLS. */
export function tlsFiles(settings: Partial<TlsSettings>): TlsFiles | undefined {
  const { INGRESS_TLS_CERT_FILE: certFile, INGRESS_TLS_KEY_FILE: keyFile } = settings;
  return certFile && keyFile ? { certFile: resolve(certFile), keyFile: resolve(keyFile) } : undefined;
}

function tlsFaults(settings: Partial<TlsSettings>): string[] {
  if (Boolean(settings.INGRESS_TLS_CERT_FILE) !== Boolean(settings.INGRESS_TLS_KEY_FILE)) {
    return ['INGRESS_TLS_CERT_FILE and INGRESS_TLS_KEY_FILE: set both or neither'];
  }
  const files = tlsFiles(settings);
  const fault = files && tlsFault(files);
  return fault === undefined ? [] : [`INGRESS_TLS_CERT_FILE and INGRESS_TLS_KEY_FILE cannot be used: ${fault}`];
}

export type IngressSettings = ReturnType<typeof readIngressSettings>;

/**
 * Reads the settings of the ingress, including those shared with the processor.
 * @throws SettingsError that lists every fault and contains no secret: print its message and exit non-zero.
 */
export function readIngressSettings(env: Env) {
  return readSettings(env, ingressSpecs, (settings) => {
    const faults = [...commonFaults(settings), ...tlsFaults(settings)];
    // An invalid list is undefined here, and a fault already.
    if (settings.INGRESS_TOKENS?.length === 0 && !settings.INGRESS_ALLOW_ANONYMOUS) {
      faults.push(
        'INGRESS_TOKENS is required: a comma-separated list of tokens that senders may use, or INGRESS_TOKENS_FILE, a file with them; or set INGRESS_ALLOW_ANONYMOUS=true',
      );
    }
    return faults;
  });
}

/** The secrets of the ingress that come from files, kept up to date in `settings`. */
export function ingressSecretReloads(env: Env, settings: IngressSettings): ReloadableFiles[] {
  return secretReloads(env, ingressSpecs, settings);
}
