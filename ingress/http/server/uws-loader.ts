import { createRequire } from 'node:module';
import type * as Uws from 'uws-glibc227';

export type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket } from 'uws-glibc227';
export type UwsModule = typeof Uws;

/** No build of uWebSockets.js loads on this machine: it needs another Node version or C library. */
export class UwsUnavailableError extends Error {
  override readonly name = 'UwsUnavailableError';
}

/** The builds that package.json installs, newest first. Each works with certain versions of Node and glibc only. */
export const UWS_BUILDS = [
  { alias: 'uws-glibc238', supports: 'Node 22, 24 and 26 with glibc 2.38 or later' },
  { alias: 'uws-glibc227', supports: 'Node 22 with glibc 2.28 or later' },
] as const;

/**
 * Loads the newest build of uWebSockets.js that works on this machine. It is native code without a JavaScript fallback, so the
 * only way to test a build is to load it.
 *
 * @throws UwsUnavailableError with one line that names this machine and what is supported: print it and exit non-zero.
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
      `supported: ${supported}; install the dependencies with the same version of Node that runs them`,
    { cause: new AggregateError(causes) },
  );
}

function libc(): string {
  if (process.platform !== 'linux') return 'no glibc';
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const version = report.header?.glibcVersionRuntime;
  return version === undefined ? 'no glibc (musl?)' : `glibc ${version}`;
}
