import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../dev/local-stack/folders.js';

/** The balancers that docs/balancers.md has tested configurations of. */
export const BALANCERS = ['nginx', 'haproxy'] as const;
export type BalancerName = (typeof BALANCERS)[number];

/** The configuration in docs/balancers.md, with its placeholders for addresses. */
export function documentedConfig(name: BalancerName): string {
  const page = readFileSync(join(projectRoot, 'docs', 'balancers.md'), 'utf8');
  const block = new RegExp(`<!-- tested: ${name} -->\\s+\`\`\`${name}\\n([^]*?)\`\`\``).exec(page)?.[1];
  if (block === undefined) throw new Error(`docs/balancers.md has no tested configuration of ${name}`);
  return block;
}

/** Path of the balancer's program; `undefined` if it is not installed. */
export function balancerProgram(name: BalancerName): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Replaces every occurrence. @throws Error when there is none: the page has changed. */
export function replaceAll(config: string, replacements: Readonly<Record<string, string>>): string {
  return Object.entries(replacements).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`docs/balancers.md has no ${from} in this configuration`);
    return text.replaceAll(from, to);
  }, config);
}
