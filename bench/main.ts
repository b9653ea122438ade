import { parseArgs } from 'node:util';
import { logToStderr, stopOnSignal, tellFailure } from '../dev/local-stack/process/foreground.js';
import { busyPercent, MUCH_PERCENT } from '../lab/machine-load.js';
import { PARTS, WARM_UP_SECONDS } from './plan.js';
import { Progress } from './progress.js';
import { describeMachine, machineSentence } from './report/machine.js';
import { RESULTS_DIR, writeResults, type Results } from './report/results.js';
import { resultsText } from './report/results-text.js';
import { writeDocs } from './report/write-docs.js';
import { onSite } from './site/bench-site.js';
import { warmUp } from './site/warm-up.js';

// `npm run bench -- [ingress] [join] [latency] [archive] [scale] [--quick] [--rounds N] [--write-docs]`: figures side by side with peers; without a
// name, all parts. Results go to bench/results/<part>.json; with --write-docs also into docs/, with charts.
// `--node=<argument>` is for the node that runs our join, such as --node=--cpu-prof.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    'write-docs': { type: 'boolean', default: false },
    node: { type: 'string', multiple: true, default: [] },
  },
});
const asked = values.rounds === undefined ? undefined : Number(values.rounds);
const unknown = positionals.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0) refuse(`no bench is called ${unknown.join(', ')}; there are: ${Object.keys(PARTS).join(', ')}`);
if (asked !== undefined && !(Number.isSafeInteger(asked) && asked > 0))
  refuse('--rounds must be a whole number from 1 on');
if (values.quick && values['write-docs']) refuse('what --quick measures is not for the documents');

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
  if (values['write-docs']) for (const file of writeDocs(results, Object.keys(PARTS))) progress.log(`written: ${file}`);
} catch (error) {
  tellFailure(error, signal);
  process.exitCode = 1;
}
process.exit();

async function measureAll(): Promise<Results[]> {
  progress.begin('start');
  return onSite(progress.log, signal, async (site) => {
    await warmUp(site, quick);
    const results: Results[] = [];
    for (const [part, { bench, rounds: usual }] of parts) {
      progress.begin(part);
      const othersPercent = await busyPercent();
      if (othersPercent > MUCH_PERCENT) {
        progress.log(`others use ${Math.round(othersPercent)} % of the machine: the figures are not to be trusted`);
      }
      const startedAt = performance.now();
      const rounds = asked ?? (quick ? 1 : usual);
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
      progress.log(`figures: ${writeResults(RESULTS_DIR, result)}`);
      results.push(result);
    }
    return results;
  });
}

function refuse(what: string): never {
  logToStderr(`error: ${what}`);
  process.exit(1);
}
