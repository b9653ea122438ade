import { createRequire } from 'node:module';
import type * as Uws from 'uws-glibc227';

export type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket } from 'uws-glibc227';
export type UwsModule = typeof Uws;

/** No build of uWebSockets.js fits this machine: another Node version or libc is needed. */
export class UwsUnavailableError extends Error {
  override readonly name = 'UwsUnavailableError';
}

/** The builds that package.json asks for, newest first. Which of them can work depends on Node's ABI and on libc. */
export const UWS_BUILDS = [
  { alias: 'uws-glibc238', supports: 'Node 22, 24 and 26 with glibc 2.38 or later' },
  { alias: 'uws-glibc227', supports: 'Node 18, 20, 22 and 23 with glibc 2.27 or later' },
] as const;

/**
 * Loads the newest build of uWebSockets.js that works here. It is native code without a fallback in JavaScript,
 * so the only test of a build is to load it.
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
      `supported: ${supported}; dependencies must have been installed with the Node version that runs them`,
    { cause: new AggregateError(causes) },
  );
}

function libc(): string {
  if (process.platform !== 'linux') return 'no glibc';
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const version = report.header?.glibcVersionRuntime;
  return version === undefined ? 'musl or another libc that is not glibc' : `glibc ${version}`;
}
