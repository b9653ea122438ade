import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ValidatorSpec } from 'envalid';
import { fileFault } from './file-fault.js';
import type { ReloadableFiles } from './file-reloader.js';

type Variables = Readonly<Record<string, string | undefined>>;
type Specs = Readonly<Record<string, ValidatorSpec<unknown>>>;

/** Stands in for a secret whose file has a fault, so that this one fault is not followed by another about a missing secret. */
const UNREADABLE = 'unreadable';

const marked = new WeakSet<object>();

/** Marks a setting as secret: it can also be given as `<NAME>_FILE`, the path of a file that holds its value. */
export function secret<S extends ValidatorSpec<unknown>>(spec: S): S {
  marked.add(spec);
  return spec;
}

/** The variables with the contents of secret files in place, and the faults of those files. A fault never contains a secret. */
export function withSecretFiles(env: Variables, specs: Specs): { readonly env: Variables; readonly faults: string[] } {
  const contents: Record<string, string> = {};
  const faults: string[] = [];
  for (const { name, setting, path } of secretFiles(env, specs)) {
    if (env[name]) {
      faults.push(`${name} and ${setting} (${path}): set only one of them`);
      continue;
    }
    try {
      contents[name] = secretText(readFileSync(path, 'utf8'));
    } catch (error) {
      faults.push(`${setting} (${path}): ${fileFault(error)}`);
      contents[name] = UNREADABLE;
    }
  }
  return { env: { ...env, ...contents }, faults };
}

/**
 * Keeps the secrets of `settings` equal to their files: `settings.<NAME>` is always the newest valid value, so read it each time that the
 * secret is needed.
 *
 * @param settings as read from `env` by the same `specs`.
 */
export function secretReloads(env: Variables, specs: Specs, settings: object): ReloadableFiles[] {
  return secretFiles(env, specs).map(({ name, setting, path }) => ({
    setting,
    files: [path],
    apply: ([content = '']) => {
      const { _parse: parse } = specs[name] as unknown as { readonly _parse: (input: string) => unknown };
      const value = parse(secretText(content));
      // The settings are read-only for everything else.
      (settings as Record<string, unknown>)[name] = value;
    },
  }));
}

function secretFiles(env: Variables, specs: Specs) {
  return Object.entries(specs).flatMap(([name, spec]) => {
    const setting = `${name}_FILE`;
    const path = env[setting];
    return marked.has(spec) && path ? [{ name, setting, path: resolve(path) }] : [];
  });
}

/** The secret in a file. Line breaks at its end are not part of it. @throws TypeError if nothing is left. */
function secretText(content: string): string {
  const text = content.replace(/^\uFEFF/, '').replace(/[\r\n]+$/, '');
  if (/^[\s,]*$/.test(text)) throw new TypeError('the file is empty');
  return text;
}
