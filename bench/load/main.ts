import { generateLoad, type LoadOptions } from './generate-load.js';

// A process of its own, so that its CPU is not counted as that of what it measures: options as JSON in, result as JSON out.
const result = await generateLoad(JSON.parse(process.argv[2] ?? '{}') as LoadOptions);
process.stdout.write(JSON.stringify(result));
process.exit();
