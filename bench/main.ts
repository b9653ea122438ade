import { parseArgs } from 'node:util';
import { logToStderr, stopOnSignal, tellFailure } from '../dev/local-stack/process/foreground.js';
import { busyPercent, MAX_OTHERS_PERCENT } from '../lab/machine-load.js';
import { PARTS, WARM_UP_SECONDS } from './plan.js';
import { Progress } from './progress.js';
import { describeMachine, machineSentence } from './report/machine.js';
import { RESULTS_DIR, writeResults, type Results } from './report/results.js';
import { resultsText } from './report/results-text.js';
import { writeDocs } from './report/write-docs.js';
import { withBenchSite } from './site/bench-site.js';
import { warmUp } from './site/warm-up.js';

// `npm run bench -- [ingress] [join] [latency] [archive] [compression] [scale] [--quick] [--rounds N] [--write-docs]`: figures side by side with peers;
// without a name, all parts. Results go to bench/results/<part>.json; with --write-docs also into docs/, with charts.
// `--node=<argument>` passes an argument to the node that runs our join, such as --node=--cpu-prof.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    'write-docs': { type: 'boolean', default: false },
    node: { type: 'string', multiple: true, default: [] },
  },
});
const givenRounds = values.rounds === undefined ? undefined : Number(values.rounds);
const unknown = positionals.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0) refuse(`unknown part: ${unknown.join(', ')}; the parts are ${Object.keys(PARTS).join(', ')}`);
if (givenRounds !== undefined && !(Number.isSafeInteger(givenRounds) && givenRounds > 0))
  refuse('--rounds must be a whole number of at least 1');
if (values.quick && values['write-docs']) refuse('--write-docs needs a full run: leave out --quick');

const { quick } = values;
const mode = quick ? 'quick' : 'full';
const parts = Object.entries(PARTS).filter(([name]) => positionals.length === 0 || positionals.includes(name));
const steps = parts.map(([name, { seconds }]) => ({ name, seconds: seconds[mode] }));
const progress = new Progress([{ name: 'start', seconds: WARM_UP_SECONDS[mode] }, ...steps], logToStderr);
const signal = stopOnSignal();

try {
  const results = await measureAll();
  process.stdout.write(`${machineSentence(describeMachine())}\n`);
  for (const { sections } of results) process.stdout.write(resultsText(sections));
  if (values['write-docs']) for (const file of writeDocs(results, Object.keys(PARTS))) progress.log(`wrote ${file}`);
} catch (error) {
  tellFailure(error, signal);
  process.exitCode = 1;
}
process.exit();

async function measureAll(): Promise<Results[]> {
  progress.begin('start');
  return withBenchSite(progress.log, signal, async (site) => {
    await warmUp(site, quick);
    const results: Results[] = [];
    for (const [part, { bench, rounds: usual }] of parts) {
      progress.begin(part);
      const othersPercent = await busyPercent();
      if (othersPercent > MAX_OTHERS_PERCENT) {
        progress.log(`other processes use ${Math.round(othersPercent)} % of the machine: do not trust these figures`);
      }
      const startedAt = performance.now();
      const rounds = givenRounds ?? (quick ? 1 : usual);
      const sections = await bench({ quick, rounds, site, nodeArguments: values.node });
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      const result = {
        part,
        at: new Date().toISOString(),
        quick,
        seconds,
        othersPercent,
        machine: describeMachine(),
        sections,
      };
      progress.log(`wrote ${writeResults(RESULTS_DIR, result)}`);
      results.push(result);
    }
    return results;
  });
}

function refuse(message: string): never {
  logToStderr(`error: ${message}`);
  process.exit(1);
}
