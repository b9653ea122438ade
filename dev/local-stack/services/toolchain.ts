import { accessSync, constants } from 'node:fs';
import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Env } from '../../../infra/settings/read-settings.js';
import { StackError } from '../stack-error.js';

/** A program that the native stack needs on this machine. */
export type Tool = 'java' | 'mvn' | 'go';

const NEEDED: Readonly<
  Record<Tool, { what: string; get: string; oldest: number; version: readonly string[]; pattern: RegExp }>
> = {
  java: {
    what: 'Java 17 or later',
    get: 'apt install openjdk-17-jre-headless, or adoptium.net',
    oldest: 17,
    version: ['-version'],
    pattern: /version "(\d+)/,
  },
  mvn: {
    what: 'Maven 3.6 or later',
    get: 'apt install maven',
    oldest: 3,
    version: ['-v'],
    pattern: /Apache Maven (\d+)/,
  },
  go: { what: 'Go 1.21 or later', get: 'go.dev/dl', oldest: 21, version: ['version'], pattern: /go1\.(\d+)/ },
};

/** Command of a tool: Java from `JAVA_HOME` if set, everything else from `PATH`. */
export function commandOf(tool: Tool, env: Env): string {
  return tool === 'java' && env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : tool;
}

/** @throws StackError with one line that names every tool that is missing or too old, and where to get it. */
export async function requireTools(tools: readonly Tool[], env: Env): Promise<void> {
  const faults = await Promise.all(tools.map((tool) => faultOf(tool, env)));
  const missing = faults.filter((fault) => fault !== undefined);
  if (missing.length === 0) return;
  throw new StackError(
    `the local stack needs ${missing.join('; ')}. Install what is missing, or start a Docker engine and run this again`,
  );
}

async function faultOf(tool: Tool, env: Env): Promise<string | undefined> {
  const needed = NEEDED[tool];
  const wanted = `${needed.what} (${needed.get})`;
  const command = commandOf(tool, env);
  if (!isExecutable(command, env)) return wanted;
  const { stdout, stderr } = await promisify(execFile)(command, [...needed.version], { env, timeout: 30_000 }).catch(
    (error: unknown) => ({ stdout: '', stderr: String(error) }),
  );
  const version = Number(needed.pattern.exec(stdout + stderr)?.[1]);
  // A version line of an unknown form counts as new enough.
  return version < needed.oldest ? `${wanted}, but ${command} has version ${version}` : undefined;
}

function isExecutable(command: string, env: Env): boolean {
  const places = command.includes('/') ? [command] : (env.PATH ?? '').split(delimiter).map((dir) => join(dir, command));
  return places.some((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
