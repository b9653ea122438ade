import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

let known: string | undefined;

/**
 * Names the set of processes that can see this one, and that its process id is unique in: one boot of one kernel, and one pid
 * namespace (a container has its own). On systems without /proc: the host. Contains no space.
 */
export function processScope(): string {
  return (known ??= kernelScope() ?? `host:${encodeURIComponent(hostname())}`);
}

function kernelScope(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const [namespace] = /\d+/.exec(readlinkSync('/proc/self/ns/pid')) ?? [];
    return boot === '' || namespace === undefined ? undefined : `${boot}:${namespace}`;
  } catch {
    return undefined;
  }
}
