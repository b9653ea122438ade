import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../../../dev/local-stack/folders.js';
import { ingressSpecs } from '../../../ingress/settings.js';
import { processorSpecs } from '../../../processor/settings.js';
import {
  asWritten,
  environmentOf,
  findKustomize,
  KUBERNETES,
  rendered,
  renderedWith,
  type Container,
  type Manifest,
  type PodSpec,
} from './manifests.js';
import { schemaFaults, unknownFields } from './schema-check.js';

const MARGIN_SECONDS = 10;

const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8');

const kustomize = await findKustomize();
const base = asWritten('base');
const variants: [string, Manifest[]][] = [
  ['base, as it is written', base],
  ['component keda, as it is written', asWritten('components/keda')],
  ['component drain-spool, as it is written', [...base, ...asWritten('components/drain-spool')]],
  ['component shared-spill, as it is written', asWritten('components/shared-spill')],
];
if ('program' in kustomize) {
  const { program } = kustomize;
  const components = ['keda', 'shared-spill', 'drain-spool'];
  variants.push(
    ['overlay example, as kustomize renders it', rendered(program, join(KUBERNETES, 'overlays', 'example'))],
    ['base with all components, as kustomize renders it', renderedWith(program, components)],
  );
} else test.skip(`overlays (${kustomize.why})`, () => undefined);

describe.each(variants)('%s', (_name, manifests) => {
  const pods = manifests.flatMap(({ spec }) => (spec?.template === undefined ? [] : [spec.template.spec]));

  test('fits the schemas of Kubernetes', async () => {
    expect(await schemaFaults(manifests)).toEqual([]);
  });

  test('has only fields that Kubernetes knows', () => {
    expect(unknownFields(manifests)).toEqual([]);
  });

  test('its pods run with the least rights', () => {
    for (const pod of pods) {
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        fsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const { securityContext } of pod.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
  });

  test('its services do not change settings: INGRESS_PORT would become a URL', () => {
    for (const pod of pods) expect(pod.enableServiceLinks).toBe(false);
  });

  const containers = pods.flatMap((pod) =>
    pod.containers.map((container) => ({ name: container.name, container, pod })),
  );
  describe.each(containers)('container $name', ({ container, pod }) => {
    const env = environmentOf(container, manifests);
    const script = container.command.find((part) => part.endsWith('.js')) ?? '';
    const isIngress = script.includes('ingress');

    test('runs a program of the image', () => {
      expect(existsSync(join(projectRoot, script.replace('dist/', '').replace(/\.js$/, '.ts')))).toBe(true);
    });

    test('has only settings that its program knows', () => {
      const known = Object.keys(isIngress ? ingressSpecs : processorSpecs);
      const isKnown = (name: string) => known.includes(name) || known.includes(name.replace(/_FILE$/, ''));
      expect(Object.keys(env).filter((name) => !isKnown(name))).toEqual([]);
    });

    test('gets no secret in its environment', () => {
      const secrets = Object.keys(env).filter((name) => /TOKENS|PASSWORD|SECRET/.test(name));
      expect(secrets.filter((name) => !name.endsWith('_FILE'))).toEqual([]);
      const mounted = mountOf(container, 'secrets');
      for (const name of secrets) expect(env[name]).toBe(`${mounted}/${name.replace(/_FILE$/, '')}`);
    });

    test('writes only to volumes', () => {
      expect(mountOf(container, 'tmp')).toBe('/tmp');
      const spill = container.volumeMounts.some(({ name }) => name === 'spill');
      expect(spill ? env['ARCHIVE_SPILL_DIR'] : env['INGRESS_SPOOL_DIR']).toBe(
        mountOf(container, spill ? 'spill' : 'spool'),
      );
      const volumes = new Set(pod.volumes.map(({ name }) => name).concat(claims(manifests)));
      for (const { name } of container.volumeMounts) expect(volumes).toContain(name);
    });

    test.skipIf(container.ports === undefined)('is probed where it listens', () => {
      const { name, containerPort } = container.ports?.[0] ?? { name: '', containerPort: 0 };
      expect(String(containerPort)).toBe(isIngress ? env['INGRESS_PORT'] : env['PROCESSOR_PORT']);
      expect(read('Dockerfile')).toMatch(new RegExp(`^EXPOSE .*\\b${containerPort}\\b`, 'm'));
      const { startupProbe, livenessProbe, readinessProbe } = container;
      expect([startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet)).toEqual([
        { path: '/healthz', port: name },
        { path: '/healthz', port: name },
        { path: '/readyz', port: name },
      ]);
    });

    test('has time to stop before it is killed', () => {
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(stopSeconds(isIngress, env) + MARGIN_SECONDS);
    });
  });

  test('its spool volumes outlive their pods and have room for the spool', () => {
    for (const { spec } of manifests.filter(({ kind }) => kind === 'StatefulSet')) {
      expect(spec?.['persistentVolumeClaimRetentionPolicy']).toEqual({ whenScaled: 'Retain', whenDeleted: 'Retain' });
      const storage = spec?.volumeClaimTemplates?.[0]?.spec.resources.requests.storage;
      const env = environmentOf(firstContainer(spec?.template?.spec), manifests);
      expect(gibibytes(storage)).toBeGreaterThan(Number(env['INGRESS_SPOOL_MAX_BYTES']) / 1024 ** 3);
    }
  });

  test('leaves the number of replicas to the autoscaler where there is one', () => {
    const scaled = manifests
      .filter(({ kind }) => kind === 'HorizontalPodAutoscaler' || kind === 'ScaledObject')
      .map(({ spec }) => (spec?.['scaleTargetRef'] as { name: string }).name);
    for (const { metadata, spec } of manifests.filter((each) => each.spec?.template !== undefined)) {
      if (scaled.includes(metadata.name)) expect(spec?.replicas).toBeUndefined();
    }
  });
});

test('the image runs as the user of the manifests, with the same shutdown delay, and without a shell', () => {
  const dockerfile = read('Dockerfile');
  expect(dockerfile).toMatch(/^USER 1000$/m);
  expect(dockerfile).toMatch(/^ENTRYPOINT \[\]$/m);
  expect(dockerfile).toMatch(/^STOPSIGNAL SIGTERM$/m);
  const ingress = base.find(({ kind }) => kind === 'StatefulSet')?.spec?.template?.spec;
  const { INGRESS_SHUTDOWN_DELAY_MS: delay } = environmentOf(firstContainer(ingress), base);
  expect(dockerfile).toContain(` INGRESS_SHUTDOWN_DELAY_MS=${String(delay)} `);
});

test.each([
  ['readOnlyRootFilesystem', 'readOnlyRootFilesytem'],
  ['whenScaled', 'whenScaledDown'],
  ['unhealthyPodEvictionPolicy', 'unhealthyPodsEvictionPolicy'],
])('a misspelled %s is found', (field, misspelled) => {
  const broken = JSON.parse(JSON.stringify(base).replace(`"${field}"`, `"${misspelled}"`)) as Manifest[];
  expect(unknownFields(broken).join()).toContain(misspelled);
});

test('a value of the wrong type is found', async () => {
  const text = JSON.stringify(base).replace('"minReadySeconds":10', '"minReadySeconds":"10 s"');
  expect(await schemaFaults(JSON.parse(text) as Manifest[])).toEqual([expect.stringContaining('minReadySeconds')]);
});

function firstContainer(pod: PodSpec | undefined): Container {
  const [container] = pod?.containers ?? [];
  if (container === undefined) throw new Error('there is no container');
  return container;
}

function mountOf({ volumeMounts }: Container, volume: string): string | undefined {
  return volumeMounts.find(({ name }) => name === volume)?.mountPath;
}

function claims(manifests: readonly Manifest[]): string[] {
  return manifests.flatMap(({ spec }) => spec?.volumeClaimTemplates?.map(({ metadata }) => metadata.name) ?? []);
}

/** Longest time between SIGTERM and the end of the program, in seconds. */
function stopSeconds(isIngress: boolean, env: Readonly<Record<string, string>>): number {
  if (isIngress) return (Number(env['INGRESS_SHUTDOWN_DELAY_MS']) + Number(env['INGRESS_DRAIN_MS'])) / 1_000;
  const limit = /STOP_WITHIN_MS = ([\d_]+)/.exec(read('processor/program.ts'))?.[1] ?? 'unknown';
  return Number(limit.replaceAll('_', '')) / 1_000;
}

function gibibytes(quantity = ''): number {
  return Number(/^(\d+)Gi$/.exec(quantity)?.[1]);
}
