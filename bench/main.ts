import { parseArgs } from 'node:util';
import { logToStderr } from '../infra/local-stack/foreground.js';
import { benchArchive } from './archive/bench-archive.js';
import { benchIngress } from './ingress/bench-ingress.js';
import { benchJoin, JOIN_PARTS, type JoinBenchOptions } from './join/bench-join.js';
import { onSite } from './join/bench-site.js';
import { sectionText } from './report/section-text.js';

// `npm run bench -- [ingress] [join] [archive] [--quick] [--rounds N]`: figures side by side with peers.
// Of the join's alone: `--part <name>`, any number of times; `--all-peers`; `--results <file>`; `--node=<argument>` for the node
// under test, such as --node=--cpu-prof.
const BENCHES = {
  ingress: benchIngress,
  join: benchJoin,
  archive: async ({ quick, rounds, log }: JoinBenchOptions): Promise<void> => {
    const section = await onSite(log, (site) => benchArchive({ quick, rounds, site }));
    process.stdout.write(sectionText(section));
    if (section.faults.length > 0) process.exitCode = 1;
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    part: { type: 'string', multiple: true },
    'all-peers': { type: 'boolean', default: false },
    results: { type: 'string' },
    node: { type: 'string', multiple: true },
  },
});
const unknown = positionals.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  logToStderr(`error: no bench is called ${unknown.join(', ')}; there are: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(1);
}
const parts = JOIN_PARTS.filter((part) => values.part?.includes(part));
if (parts.length < (values.part?.length ?? 0)) {
  logToStderr(`error: the join's bench has the parts ${JOIN_PARTS.join(', ')}`);
  process.exit(1);
}
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
if (!Number.isSafeInteger(rounds) || rounds < 1) {
  logToStderr('error: --rounds must be a whole number from 1 on');
  process.exit(1);
}
const options = {
  quick: values.quick,
  rounds,
  durationMs: values.quick ? 6_000 : 15_000,
  allPeers: values['all-peers'],
  nodeArguments: values.node ?? [],
  log: logToStderr,
  ...(parts.length > 0 && { parts }),
  ...(values.results !== undefined && { resultsFile: values.results }),
};
for (const [name, bench] of Object.entries(BENCHES)) {
  if (positionals.length === 0 || positionals.includes(name)) await bench(options);
}
process.exit();
