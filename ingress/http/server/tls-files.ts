import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

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
