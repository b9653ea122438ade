import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../../dev/local-stack/folders.js';
import { tempDir } from '../support/temp-dir.js';

const TYPED_RULE = /^@typescript-eslint\//;

/** The repository's own configuration. Rules that need types are left out: a planted file belongs to no TypeScript project. */
const eslint = new ESLint({
  cwd: projectRoot,
  overrideConfig: [tseslint.configs.disableTypeChecked],
  ruleFilter: ({ ruleId }) => !TYPED_RULE.test(ruleId),
});

/** What lint says about `code` if it were the file at `path`. */
async function lint(path: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: join(projectRoot, path) });
  return (result?.messages ?? []).map(({ message }) => message);
}

/** How a file in `from` imports the file `to`, or some file of the folder `to`. */
function specifier(from: string, to: string): string {
  const found = to.endsWith('.ts') ? to : join(to, sourcesOf(to)[0] ?? '');
  return `./${relative(from, found).replace(/\.ts$/, '.js')}`.replace('./../', '../');
}

function sourcesOf(folder: string): string[] {
  const names = readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts')).sort();
}

const LAYERS =
  'The layers of this repository are schemas < infra < ingress | processor < dev < lab < soak | bench < test';
const INFRA =
  'The layers of infra are async | settings | observability < kafka | object-store | schema-registry | spool < program';
const JOIN = 'The layers of processor/join are rules < state < log < task < progress < join-role.ts';
const ARCHIVE =
  'The layers of processor/archive are recording < source | spill | store < intake | pipeline < rescue < archive-role.ts';
const SPOOL = 'The spool is a queue on disk: it knows nothing of delivery or Kafka.';
const PURE = 'The join rules are pure: they import schemas only.';

/** Each line: the folder of the importing file, the folder or file it imports, and the rule that forbids that. */
const FORBIDDEN = [
  // Between the top folders.
  ['schemas', 'infra/async', LAYERS],
  ['infra/kafka', 'ingress', LAYERS],
  ['infra/program', 'processor', LAYERS],
  ['infra/program', 'dev', LAYERS],
  ['ingress', 'dev', LAYERS],
  ['ingress/http', 'lab', LAYERS],
  ['processor', 'soak', LAYERS],
  ['processor/archive', 'bench', LAYERS],
  ['dev/demo', 'lab', LAYERS],
  ['lab', 'soak', LAYERS],
  ['lab', 'bench', LAYERS],
  ['bench', 'test', LAYERS],
  ['ingress', 'processor', 'ingress and processor never import each other.'],
  ['processor', 'ingress', 'ingress and processor never import each other.'],
  ['soak', 'bench', 'soak and bench never import each other.'],
  ['bench', 'soak', 'soak and bench never import each other.'],
  // Inside of infra.
  ['infra/async', 'infra/kafka', INFRA],
  ['infra/observability', 'infra/program', INFRA],
  ['infra/kafka', 'infra/program', INFRA],
  // Inside of the ingress.
  ['ingress/http', 'ingress/spool', 'ingress/http and ingress/spool never import each other.'],
  ['ingress/spool', 'ingress/http', 'ingress/http and ingress/spool never import each other.'],
  ['ingress/spool', 'ingress/delivery', SPOOL],
  ['ingress/spool', 'infra/kafka', SPOOL],
  // Inside of the processor.
  ['processor/join/task', 'processor/archive', 'processor/join and processor/archive never import each other.'],
  ['processor/archive/store', 'processor/join', 'processor/join and processor/archive never import each other.'],
  ['processor/join/state', 'processor/join/log', JOIN],
  ['processor/join/log', 'processor/join/task', JOIN],
  ['processor/join/task', 'processor/join/progress', JOIN],
  ['processor/join/progress', 'processor/join/join-role.ts', JOIN],
  ['processor/archive/recording', 'processor/archive/spill', ARCHIVE],
  ['processor/archive/source', 'processor/archive/pipeline', ARCHIVE],
  ['processor/archive/store', 'processor/archive/intake', ARCHIVE],
  ['processor/archive/pipeline', 'processor/archive/archive-role.ts', ARCHIVE],
] as const;

describe('an import of an upper or a foreign layer is an error', () => {
  test.each(FORBIDDEN)('%s must not import %s', async (from, to, rule) => {
    const imported = specifier(from, to);
    const messages = await lint(`${from}/planted.ts`, `import '${imported}';\n`);
    const said = `Unexpected path "${imported}" imported in restricted zone. ${rule}`;
    expect(messages).toEqual([rule.endsWith('.') ? said : `${said}: import only from lower ones.`]);
  });

  test.each(['import type { Clock } from', 'export * from'])('%s counts as an import', async (statement) => {
    const messages = await lint('schemas/planted.ts', `${statement} '../infra/async/clock.js';\n`);
    expect(messages).toEqual([expect.stringContaining(LAYERS)]);
  });

  test('a dynamic import counts as an import', async () => {
    const messages = await lint('schemas/planted.ts', `await import('../infra/async/clock.js');\n`);
    expect(messages).toEqual([expect.stringContaining(LAYERS)]);
  });
});

describe('an import of a lower layer is allowed', () => {
  test.each([
    ['infra/kafka', 'infra/async'],
    ['ingress/delivery', 'ingress/spool'],
    ['processor/join/rules', 'schemas'],
    ['processor/join/rules', 'processor/join/rules'],
    ['processor/join/task', 'processor/join/state'],
    ['processor/archive/intake', 'processor/archive/pipeline'],
    ['bench', 'lab'],
  ])('%s may import %s', async (from, to) => {
    expect(await lint(`${from}/planted.ts`, `import '${specifier(from, to)}';\n`)).toEqual([]);
  });
});

describe('a wrapped package is imported by its wrapper only', () => {
  const KAFKA = 'Import kafkajs in infra/kafka only.';
  const UWS = 'Load uWebSockets.js in ingress/http/server only.';
  const MINIO = 'Import minio in infra/object-store only.';
  const cases = [
    ['ingress/planted.ts', 'kafkajs', KAFKA],
    ['bench/planted.ts', 'kafkajs/src/consumer/index.js', KAFKA],
    ['infra/object-store/planted.ts', 'kafkajs', KAFKA],
    ['ingress/http/server/planted.ts', 'kafkajs', KAFKA],
    ['infra/kafka/planted.ts', 'minio', MINIO],
    ['processor/archive/store/planted.ts', 'minio', MINIO],
    ['ingress/http/server/planted.ts', 'minio', MINIO],
    ['infra/kafka/planted.ts', 'uws-glibc227', UWS],
    ['infra/object-store/planted.ts', 'uws-glibc238', UWS],
    ['ingress/http/routes/planted.ts', 'uws-glibc227', UWS],
  ] as const;

  test.each(cases)('%s must not import %s', async (file, name, rule) => {
    const messages = await lint(file, `import '${name}';\n`);
    expect(messages).toEqual([`'${name}' import is restricted from being used by a pattern. ${rule}`]);
  });

  test.each([
    ['infra/kafka/connection/planted.ts', 'kafkajs'],
    ['infra/object-store/planted.ts', 'minio'],
    ['ingress/http/server/planted.ts', 'uws-glibc227'],
    ['bench/peers/planted.ts', 'kafkajs'],
    ['bench/peers/planted.ts', 'minio'],
  ])('%s may import %s', async (file, name) => {
    expect(await lint(file, `import '${name}';\n`)).toEqual([]);
  });
});

describe('the join rules are pure', () => {
  const planted = 'processor/join/rules/planted.ts';

  test.each(['infra/async', 'processor/settings.ts', 'lab'])('they must not import %s', async (to) => {
    const imported = specifier(dirname(planted), to);
    const messages = await lint(planted, `import '${imported}';\n`);
    expect(messages).toContain(`Unexpected path "${imported}" imported in restricted zone. ${PURE}`);
  });

  test.each(['node:fs', 'prom-client'])('they must not import %s', async (name) => {
    const messages = await lint(planted, `import '${name}';\n`);
    expect(messages).toContain(`'${name}' import is restricted from being used by a pattern. ${PURE}`);
  });

  test.each([
    ['process.exit();', "Unexpected use of 'process'. The join rules are pure."],
    ['setTimeout(() => undefined, 1);', "Unexpected use of 'setTimeout'. The join rules are pure."],
    ['Date.now();', "'Date.now' is restricted from being used. Time comes in with the event."],
    ['Math.random();', "'Math.random' is restricted from being used. The join rules are deterministic."],
    ['new Date();', 'Time comes in with the event.'],
    ['await undefined;', 'The join rules never wait.'],
    ["void import('node:fs');", PURE],
  ])('they must not contain `%s`', async (code, rule) => {
    expect(await lint(planted, `${code}\n`)).toEqual([rule]);
  });
});

describe('an import cycle is an error', () => {
  /** Lints the first of the files once they exist. */
  async function lintFiles(files: Readonly<Record<string, string>>): Promise<string[]> {
    const folder = tempDir();
    for (const [name, code] of Object.entries(files)) writeFileSync(join(folder, name), code);
    const [name = '', code = ''] = Object.entries(files)[0] ?? [];
    const inFolder = new ESLint({
      cwd: folder,
      overrideConfigFile: join(projectRoot, 'eslint.config.mjs'),
      overrideConfig: [tseslint.configs.disableTypeChecked],
      ruleFilter: ({ ruleId }) => ruleId === 'layers/no-cycle',
    });
    const [result] = await inFolder.lintText(code, { filePath: join(folder, name) });
    return (result?.messages ?? []).map(({ message }) => message);
  }

  test('of two files', async () => {
    const messages = await lintFiles({ 'a.ts': `import './b.js';\n`, 'b.ts': `import './a.js';\n` });
    expect(messages).toEqual(['Import cycle: a.ts → b.ts → a.ts. Move what both sides need into a file of its own.']);
  });

  test('of three files, through types and re-exports', async () => {
    const messages = await lintFiles({
      'c.ts': `import type { D } from './d.js';\n`,
      'd.ts': `export * from './e.js';\n`,
      'e.ts': `export type { C } from './c.js';\n`,
    });
    expect(messages).toEqual([
      'Import cycle: c.ts → d.ts → e.ts → c.ts. Move what both sides need into a file of its own.',
    ]);
  });

  test('but files that share a third one are none', async () => {
    const messages = await lintFiles({
      'f.ts': `import './g.js';\nimport './h.js';\n`,
      'g.ts': `import './h.js';\n`,
      'h.ts': '',
    });
    expect(messages).toEqual([]);
  });
});
