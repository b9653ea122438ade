import { createRequire } from 'node:module';
import type * as Uws from 'uws-glibc227';

export type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket } from 'uws-glibc227';
export type UwsModule = typeof Uws;

/** No build of uWebSockets.js supports this machine: use another Node version or libc. */
export class UwsUnavailableError extends Error {
  override readonly name = 'UwsUnavailableError';
}

/** The builds in package.json, newest first. They support different Node ABIs and versions of libc. */
export const UWS_BUILDS = [
  { alias: 'uws-glibc238', supports: 'Node 22, 24 and 26 with glibc 2.38 or later' },
  { alias: 'uws-glibc227', supports: 'Node 22 with glibc 2.28 or later' },
] as const;

/**
 * Loads the newest build of uWebSockets.js that supports this machine. Loading is the only test, because the builds are native code
 * without a JavaScript fallback.
 *
 * @throws UwsUnavailableError whose one-line message names this machine and the supported ones: print it and exit non-zero.
 */
export function loadUws(load: (alias: string) => unknown = createRequire(import.meta.url)): UwsModule {
  const causes: unknown[] = [];
  for (const { alias } of UWS_BUILDS) {
    try {
      return load(alias) as UwsModule;
    } catch (error) {
      causes.push(error);
    }
  }
  const supported = UWS_BUILDS.map(({ supports }) => supports).join('; ');
  throw new UwsUnavailableError(
    `no build of uWebSockets.js loads on Node ${process.version} (${process.platform} ${process.arch}, ${libc()}); ` +
      `supported: ${supported}; install the dependencies with the Node version that runs them`,
    { cause: new AggregateError(causes) },
  );
}

function libc(): string {
  if (process.platform !== 'linux') return 'no glibc';
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const version = report.header?.glibcVersionRuntime;
  return version === undefined ? 'musl or another libc, not glibc' : `glibc ${version}`;
}
