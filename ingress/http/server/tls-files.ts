import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

/** PEM files of a certificate (with its chain) and its key. */
export type TlsFiles = { readonly certFile: string; readonly keyFile: string };

/** What keeps the files from being used, or undefined: uWebSockets.js itself would not say which of them is at fault, or why. */
export function tlsFault({ certFile, keyFile }: TlsFiles): string | undefined {
  try {
    createSecureContext({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
