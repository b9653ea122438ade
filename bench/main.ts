import { parseArgs } from 'node:util';
import { logToStderr } from '../infra/local-stack/foreground.js';
import { benchIngress } from './ingress/bench-ingress.js';

// `npm run bench -- ingress [--quick]`: figures side by side with peers.
const BENCHES = { ingress: benchIngress };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
});
const unknown = positionals.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  logToStderr(`error: no bench is called ${unknown.join(', ')}; there are: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(1);
}
const options = { rounds: values.quick ? 1 : 3, durationMs: values.quick ? 6_000 : 15_000, log: logToStderr };
for (const [name, bench] of Object.entries(BENCHES)) {
  if (positionals.length === 0 || positionals.includes(name)) await bench(options);
}
process.exit();
