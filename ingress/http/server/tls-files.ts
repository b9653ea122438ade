import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { ReloadableFiles } from '../../../infra/settings/file-reloader.js';

/** PEM files of a certificate (with its chain) and its key. */
export type TlsFiles = { readonly certFile: string; readonly keyFile: string };

/** Why the files cannot be used; `undefined` if they can. The errors of uWebSockets.js name neither the file nor the cause. */
export function tlsFault({ certFile, keyFile }: TlsFiles): string | undefined {
  try {
    createSecureContext({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * The files of a server, for their reload. Create it before the server reads them, so that no change is missed in between.
 * @param replace makes the server read its files again. @throws Error if it cannot use them.
 * @throws Error of reading the files.
 */
export function certificateReload({ certFile, keyFile }: TlsFiles, replace: () => void): ReloadableFiles {
  const files = [certFile, keyFile];
  return {
    setting: 'INGRESS_TLS_CERT_FILE, INGRESS_TLS_KEY_FILE',
    files,
    inUse: files.map((file) => readFileSync(file, 'utf8')),
    apply: ([cert, key]) => {
      // A certificate without its key, as in the middle of a rotation, throws here.
      createSecureContext({ cert, key });
      replace();
    },
  };
}
