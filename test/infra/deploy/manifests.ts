import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { cacheDir, projectRoot } from '../../../dev/local-stack/folders.js';
import { install, isInstalled, type Installable } from '../../../dev/local-stack/services/cache.js';
import { requireTools } from '../../../dev/local-stack/services/toolchain.js';

export const KUBERNETES = join(projectRoot, 'infra', 'deploy', 'kubernetes');

/** The parts of a manifest that the tests look at. A schema checks the rest. */
export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly replicas?: number;
    readonly template?: { readonly spec: PodSpec };
    readonly volumeClaimTemplates?: readonly { metadata: { name: string }; spec: ClaimSpec }[];
  } & Readonly<Record<string, unknown>>;
};

export type ClaimSpec = { readonly resources: { readonly requests: { readonly storage: string } } };

type Probe = { readonly httpGet: { readonly path: string; readonly port: string } };

export type Container = {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly envFrom: readonly { configMapRef: { name: string } }[];
  readonly env: readonly { name: string; value: string }[];
  readonly ports?: readonly { name: string; containerPort: number }[];
  readonly volumeMounts: readonly { name: string; mountPath: string }[];
  readonly securityContext: unknown;
} & { readonly [P in 'startupProbe' | 'livenessProbe' | 'readinessProbe']?: Probe };

export type PodSpec = {
  readonly terminationGracePeriodSeconds: number;
  readonly enableServiceLinks: boolean;
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: unknown;
  readonly containers: readonly Container[];
  readonly volumes: readonly ({ readonly name: string } & Readonly<Record<string, unknown>>)[];
};

type Kustomization = {
  readonly resources: readonly string[];
  readonly configMapGenerator?: readonly { name: string; envs: readonly string[] }[];
};

/** The manifests of a folder as they are written, with the ConfigMaps that kustomize would generate. */
export function asWritten(folder: string): Manifest[] {
  const read = (file: string) => readFileSync(join(KUBERNETES, folder, file), 'utf8');
  const { resources, configMapGenerator = [] } = parse(read('kustomization.yaml')) as Kustomization;
  const maps = configMapGenerator.map(({ name, envs }) => {
    const lines = envs.flatMap((file) => read(file).split('\n')).filter((line) => /^\w+=/.test(line));
    const data = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s, 2) as [string, string]));
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
  });
  return [...maps, ...resources.flatMap((file) => parseManifests(read(file)))];
}

function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text, { merge: true }).map((document) => {
    if (document.errors.length > 0) throw document.errors[0] ?? new Error('not YAML');
    return document.toJS() as Manifest;
  });
}

const VERSION = 'v5.7.1';
const kustomize: Installable = {
  name: 'kustomize',
  folder: `kustomize-${VERSION}-${process.platform}-${process.arch}`,
  doing: 'building kustomize from its source, for the tests of the Kubernetes manifests (once, under a minute)',
  commands: () => [['go', 'install', `sigs.k8s.io/kustomize/kustomize/v5@${VERSION}`]],
  env: (into) => ({ GOBIN: into, CGO_ENABLED: '0' }),
};

/** Path of kustomize, which is built first if it is not in the cache; or why it is missing on this machine. */
export async function findKustomize(): Promise<{ readonly program: string } | { readonly why: string }> {
  const cache = cacheDir(process.env);
  try {
    if (!isInstalled(kustomize, cache)) await requireTools(['go'], process.env);
    const log = (line: string) => void process.stderr.write(`${line}\n`);
    return { program: join(await install(kustomize, { cache, log }), 'kustomize') };
  } catch (error) {
    return {
      why: `kustomize is not in the cache and cannot be built: ${(error as Error).message.split('\n')[0] ?? ''}`,
    };
  }
}

/** What `kubectl apply -k <folder>` would apply. */
export function rendered(program: string, folder: string): Manifest[] {
  return parseManifests(execFileSync(program, ['build', folder], { encoding: 'utf8' }));
}

/** What an overlay of the base with these components would apply. */
export function renderedWith(program: string, components: readonly string[]): Manifest[] {
  const folder = mkdtempSync(join(tmpdir(), 'overlay-'));
  // kustomize resolves symbolic links, as a temporary folder may be one, and takes relative paths only.
  const path = (name: string) => relative(realpathSync(folder), join(KUBERNETES, name));
  const kustomization = { resources: [path('base')], components: components.map((name) => path(`components/${name}`)) };
  try {
    writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
    return rendered(program, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Environment of a container: its ConfigMaps, and its own variables over them. */
export function environmentOf(container: Container, manifests: readonly Manifest[]): Record<string, string> {
  const maps = container.envFrom.map(({ configMapRef: { name } }) => {
    const map = manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name);
    if (map?.data === undefined) throw new Error(`there is no ConfigMap ${name}`);
    return map.data;
  });
  return Object.assign(
    {},
    ...maps,
    Object.fromEntries(container.env.map(({ name, value }) => [name, value])),
  ) as Record<string, string>;
}
