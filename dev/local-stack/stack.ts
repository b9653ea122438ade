import { stackDir } from './folders.js';
import { logToStderr, runInForeground } from './process/foreground.js';
import { obtainStack } from './obtain-stack.js';

// `npm run stack`: only the local stack. stdout contains its endpoints as NAME=value lines and nothing else.
await runInForeground(async (signal) => {
  const stack = await obtainStack({ dir: stackDir(process.env), log: logToStderr, signal });
  for (const [name, value] of Object.entries(stack.endpoints)) process.stdout.write(`${name}=${value}\n`);
  logToStderr(
    stack.mode === 'attached' ? `ready (run by process ${stack.running?.pid ?? '?'})` : `ready (${stack.mode})`,
  );
  return stack;
});
