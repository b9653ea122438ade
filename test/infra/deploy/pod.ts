import { readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startProgram } from '../../../dev/local-stack/process/program.js';
import type { ReadyProcess } from '../../../dev/local-stack/process/supervised-process.js';
import { freePort } from '../../ingress/ingress-program.js';
import { tempDir } from '../../support/temp-dir.js';
import { asWritten, environmentOf, type Manifest } from './manifests.js';

/** A pod of infra/deploy/kubernetes/base as a process of this machine: its environment, mounts and grace period. */
export type Pod = {
  readonly url: string;
  readonly process: ReadyProcess;
  /** What Kubernetes does to delete a pod: SIGTERM, and SIGKILL after terminationGracePeriodSeconds. */
  readonly remove: () => ReturnType<ReadyProcess['stop']>;
  /** Files that the program has written outside of its volumes. */
  readonly strayFiles: () => string[];
};

export type PodOptions = {
  readonly component: 'ingress' | 'processor';
  /** Addresses of the cluster's services, which an overlay would set. */
  readonly settings: Readonly<Record<string, string>>;
  /** Content of the secret's files, by name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The pod's volume: a folder. */
  readonly volume: string;
};

const BASE = asWritten('base');

/** Starts a pod and returns at once. Its mounts become temporary folders, and its port a free one. */
export async function startPod({ component, settings, secrets, volume }: PodOptions): Promise<Pod> {
  const pod = podSpec(component);
  const [container] = pod.containers;
  if (container === undefined) throw new Error(`no container in ${component}`);
  const port = await freePort();
  const [workingDir, secretDir, tmp] = [tempDir(), tempDir(), tempDir()];
  for (const [name, content] of Object.entries(secrets)) writeFileSync(join(secretDir, name), content);
  const folders: Record<string, string> = { secrets: secretDir, spool: volume, spill: volume, tmp };
  const mounted = (value: string) => {
    const mount = container.volumeMounts.find(
      ({ mountPath }) => value.startsWith(`${mountPath}/`) || value === mountPath,
    );
    return mount === undefined ? value : value.replace(mount.mountPath, folders[mount.name] ?? '');
  };
  const env = Object.fromEntries(
    Object.entries(environmentOf(container, BASE)).map(([name, value]) => [name, mounted(value)]),
  );
  const [node, ...rest] = container.command;
  if (node !== 'node') throw new Error(`${component} starts ${String(node)}`);
  const url = `http://127.0.0.1:${port}`;
  const process = startProgram({
    name: component,
    nodeArguments: rest.slice(0, -1),
    script: resolve(rest.at(-1) ?? ''),
    cwd: workingDir,
    env: {
      HOME: workingDir,
      TMPDIR: tmp,
      ...env,
      ...settings,
      INGRESS_PORT: String(port),
      PROCESSOR_PORT: String(port),
    },
    logFile: join(tempDir(), `${component}.log`),
    readyUrl: `${url}${container.readinessProbe?.httpGet.path ?? ''}`,
    graceMs: pod.terminationGracePeriodSeconds * 1_000,
  });
  return { url, process, remove: process.stop, strayFiles: () => readdirSync(workingDir) };
}

function podSpec(component: string) {
  const isOurs = ({ spec, metadata }: Manifest) => spec?.template !== undefined && metadata.name.endsWith(component);
  const spec = BASE.find(isOurs)?.spec?.template?.spec;
  if (spec === undefined) throw new Error(`no pod of ${component}`);
  return spec;
}
