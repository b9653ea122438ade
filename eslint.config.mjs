import { defineConfig, globalIgnores } from 'eslint/config';
import importX, { createNodeResolver } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';
import { ZONES } from './dev/lint/layers.mjs';
import noCycle from './dev/lint/no-cycle.mjs';

/** Forbids packages, subpaths included, outside of the one folder that wraps each of them. */
const forbidPackages = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });
const KAFKA = { regex: '^kafkajs(/|$)', message: 'Import kafkajs in infra/kafka only.' };
const UWS = { regex: '^uws-glibc', message: 'Load uWebSockets.js in ingress/http/server only.' };
const MINIO = { regex: '^minio(/|$)', message: 'Import minio in infra/object-store only.' };

export default defineConfig(
  globalIgnores(['dist/', 'node_modules/', 'schemas/generated/', '.stack/']),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    plugins: { 'import-x': importX, layers: { rules: { 'no-cycle': noCycle } } },
    settings: { 'import-x/resolver-next': [createNodeResolver({ extensionAlias: { '.js': ['.ts', '.js'] } })] },
    languageOptions: { parserOptions: { project: ['./tsconfig.json', './test/tsconfig.json'] } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // Messages contain numbers everywhere, and a number has only one spelling.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones: ZONES }],
      'layers/no-cycle': 'error',
      ...forbidPackages(KAFKA, UWS, MINIO),
    },
  },
  { files: ['infra/kafka/**/*.ts'], rules: forbidPackages(UWS, MINIO) },
  { files: ['infra/object-store/**/*.ts'], rules: forbidPackages(KAFKA, UWS) },
  { files: ['ingress/http/server/**/*.ts'], rules: forbidPackages(KAFKA, MINIO) },
  // A peer is written as its own users would write it.
  { files: ['bench/peers/**/*.ts'], rules: { 'no-restricted-imports': 'off' } },
  {
    // The rules decide and do nothing else: no I/O, no clock, no randomness. A timer that fires is an event that carries its time.
    files: ['processor/join/rules/**/*.ts'],
    rules: {
      ...forbidPackages({ regex: '^(?!\\.)', message: 'The join rules are pure: they import schemas only.' }),
      'no-restricted-globals': [
        'error',
        ...['process', 'setTimeout', 'setInterval', 'setImmediate', 'performance', 'fetch', 'console'].map((name) => ({
          name,
          message: 'The join rules are pure.',
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time comes in with the event.' },
        { object: 'Math', property: 'random', message: 'The join rules are deterministic.' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Time comes in with the event.' },
        { selector: 'AwaitExpression', message: 'The join rules never wait.' },
        { selector: 'ImportExpression', message: 'The join rules are pure: they import schemas only.' },
      ],
    },
  },
);
