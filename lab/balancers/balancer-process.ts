import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { withReadiness } from '../../dev/local-stack/services/readiness.js';
import { supervise, type ReadyProcess } from '../../dev/local-stack/process/supervised-process.js';
import { balancerProgram, documentedConfig, replaceAll, type BalancerName } from './documented-config.js';

/** A balancer that runs a configuration, and the sockets on which it listens. */
export type Balancer = { readonly process: ReadyProcess; readonly sockets: readonly string[] };

const START_TIMEOUT_MS = 60_000;
const GRACE_MS = 2_000;

/**
 * Starts a balancer with its documented configuration in front of two ingresses. It cannot outlive this process.
 * @param dir folder for its files.
 */
export function startBalancer(name: BalancerName, dir: string, ports: readonly [number, number]): Promise<Balancer> {
  const socket = join(dir, `${name}.sock`);
  const addresses = {
    'ingress-1.internal:8080': `127.0.0.1:${ports[0]}`,
    'ingress-2.internal:8080': `127.0.0.1:${ports[1]}`,
  };
  return start(name, dir, replaceAll(documentedConfig(name), { ...addresses, ...listen(name, socket) }), [socket]);
}

/**
 * Starts a balancer with `lanes` separate pools of connections to one ingress, each behind a socket of its own. The pools are the
 * documented ones. There are no checks and no retries, so that every request lost on an idle connection shows.
 */
export function startLanes(name: BalancerName, dir: string, port: number, lanes: number): Promise<Balancer> {
  const one = documentedConfig(name)
    .split('\n')
    .filter((line) => !/ingress-2|retries|retry-on|redispatch|http-?check|httpchk|check inter|next_upstream/.test(line))
    .join('\n')
    .replaceAll('ingress-1.internal:8080', `127.0.0.1:${port}`);
  // In HAProxy, what is before the first frontend is for all of them.
  const [shared, lane] = name === 'nginx' ? ['', one] : split(one, 'frontend');
  const sockets = Array.from({ length: lanes }, (_, number) => join(dir, `${name}-${number}.sock`));
  const copies = sockets.map((socket, number) => {
    return replaceAll(lane, listen(name, socket))
      .replace(/(upstream|backend|default_backend) ingress\b/g, `$1 ingress_${number}`)
      .replace('http://ingress;', `http://ingress_${number};`)
      .replace('frontend webhooks', `frontend webhooks_${number}`);
  });
  return start(name, dir, [shared, ...copies].join('\n'), sockets);
}

/** Whether HAProxy, started by {@link startBalancer}, uses both ingresses. */
export async function haproxyUsesAll(dir: string): Promise<boolean> {
  const socket = connect(join(dir, 'haproxy-admin.sock'));
  socket.end('show servers state\n');
  const states = (await text(socket)).split('\n').filter((line) => line.includes(' ingress-'));
  const OPERATIONAL = '2';
  return states.length === 2 && states.every((line) => line.split(' ')[5] === OPERATIONAL);
}

function listen(name: BalancerName, socket: string): Record<string, string> {
  return name === 'nginx' ? { 'listen 80;': `listen unix:${socket};` } : { 'bind :80': `bind unix@${socket}` };
}

async function start(name: BalancerName, dir: string, config: string, sockets: readonly string[]): Promise<Balancer> {
  const program = balancerProgram(name);
  if (program === undefined) throw new Error(`${name} is not installed`);
  const file = join(dir, `${name}.conf`);
  writeFileSync(file, name === 'nginx' ? nginxFile(dir, config) : haproxyFile(dir, config));
  const command: [string, ...string[]] =
    name === 'nginx' ? [program, '-e', 'stderr', '-p', dir, '-c', file] : [program, '-f', file];
  const options = { name, command, env: process.env, logFile: join(dir, `${name}.log`), graceMs: GRACE_MS };
  const running = withReadiness(supervise(options), () => accepts(sockets.at(-1) ?? ''), START_TIMEOUT_MS);
  await running.waitReady();
  return { process: running, sockets };
}

function nginxFile(dir: string, config: string): string {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  // Without it, the workers of a master that root started could not use the folder.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `daemon off; worker_processes 1; pid ${dir}/nginx.pid; ${user}
events { worker_connections 8192; }
http {
access_log off;
${folders.map((folder) => `${folder}_temp_path ${dir}/${folder};`).join('\n')}
${config}
}
`;
}

function haproxyFile(dir: string, config: string): string {
  return `global
    maxconn 4096
    stats socket ${dir}/haproxy-admin.sock level admin
${config}
`;
}

function split(text: string, word: string): [string, string] {
  const at = text.indexOf(word);
  return [text.slice(0, at), text.slice(at)];
}

async function accepts(path: string): Promise<boolean> {
  const socket = connect(path);
  await once(socket, 'connect');
  socket.destroy();
  return true;
}
