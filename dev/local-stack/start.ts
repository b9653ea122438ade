import { join } from 'node:path';
import { stackDir } from './folders.js';
import { logToStderr as log, runInForeground } from './process/foreground.js';
import { startSystem } from './system.js';
import { welcome } from './welcome.js';

// `npm start`: the local stack with ingress and processor, until Ctrl-C.
const dir = stackDir(process.env);

await runInForeground(async (signal) => {
  const system = await startSystem({ dir, log, signal });
  process.stdout.write(`${welcome(system, system.endpoints, join(dir, 'logs'))}\n`);
  process.stdout.write(
    `ready in ${(performance.now() / 1000).toFixed(1)} s (Ctrl-C stops everything; the data stay in ${dir})\n`,
  );
  return system;
});
