import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const onlyIn = (paths) => ({ 'no-restricted-imports': ['error', { paths }] });
const KAFKA = { name: 'kafkajs', message: 'kafkajs is imported in infra/kafka only.' };
const UWS = ['uws-glibc227', 'uws-glibc238'].map((name) => ({
  name,
  message: 'uWebSockets.js is loaded in ingress/http only.',
}));
const MINIO = { name: 'minio', message: 'minio is imported in infra/object-store only.' };

export default defineConfig(
  globalIgnores(['dist/', 'node_modules/', 'schemas/generated/', '.stack/']),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: ['./tsconfig.json', './test/tsconfig.json'] } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // Numbers are written into messages all over; they have one spelling.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      ...onlyIn([KAFKA, ...UWS, MINIO]),
    },
  },
  { files: ['infra/kafka/**/*.ts'], rules: onlyIn([...UWS, MINIO]) },
  { files: ['infra/object-store/**/*.ts'], rules: onlyIn([KAFKA, ...UWS]) },
  // A peer is written as its own users would write it.
  { files: ['bench/peers/**/*.ts'], rules: { 'no-restricted-imports': 'off' } },
  { files: ['ingress/http/**/*.ts'], rules: onlyIn([KAFKA, MINIO]) },
  {
    // The join decides, it does nothing: no I/O, no clock, no chance. A timer that fires is an event with its time in it.
    files: ['processor/join/rules/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^node:|^(?!\\.)|/infra/', message: 'processor/join is pure: it may import schemas only.' },
          ],
        },
      ],
      'no-restricted-globals': [
        'error',
        ...['process', 'setTimeout', 'setInterval', 'setImmediate', 'performance', 'fetch', 'console'].map((name) => ({
          name,
          message: 'processor/join is pure.',
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time comes in with the event.' },
        { object: 'Math', property: 'random', message: 'processor/join is deterministic.' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Time comes in with the event.' },
        { selector: 'AwaitExpression', message: 'processor/join never waits.' },
      ],
    },
  },
);
