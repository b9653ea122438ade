import { generateLoad, type LoadOptions } from './generate-load.js';
import type { MeasuredLoad } from './load-generator.js';

// The process of a LoadGenerator: receives the options of one load after the other and answers each with its result.
// When the bench stops, it exits without finishing its load.
process.once('disconnect', () => process.exit());
process.on('message', (options: LoadOptions) => {
  const start = process.cpuUsage();
  void generateLoad(options).then((result) => {
    const { user, system } = process.cpuUsage(start);
    process.send?.({ ...result, cpuMs: (user + system) / 1000 } satisfies MeasuredLoad);
  });
});
