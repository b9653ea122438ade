import { generateLoad, type LoadOptions } from './generate-load.js';
import type { MeasuredLoad } from './run-load.js';

// A process of its own, so that its CPU is not counted as that of what it measures: options as JSON in, result as JSON out.
// Nobody waits for the result of a load whose bench has been stopped.
process.stdin.once('end', () => process.exit(1)).resume();
const start = process.cpuUsage();
const result = await generateLoad(JSON.parse(process.argv[2] ?? '{}') as LoadOptions);
const { user, system } = process.cpuUsage(start);
process.stdout.write(JSON.stringify({ ...result, cpuMs: (user + system) / 1000 } satisfies MeasuredLoad));
process.exit();
