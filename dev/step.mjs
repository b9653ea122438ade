// Steps that a person waits for. Node's own modules only: they run before anything is installed.
import { spawn } from 'node:child_process';
import { projectRoot } from './runtime.mjs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** A step that takes longer than this would look like a hang without a word. */
const QUIET_MS = 2_000;
const REPEAT_MS = 5_000;

/** A failure that its message explains to the user. */
export class StepError extends Error {}

export const say = (line) => process.stderr.write(`${line}\n`);

/**
 * Runs a command. Reports progress once it takes longer than two seconds.
 * @param {string} what it does, for the progress line
 * @param {readonly string[]} command
 * @throws StepError with the command's output when it exits with none of `goodCodes`
 */
export async function runStep(what, command, goodCodes = [0]) {
  const started = Date.now();
  const child = spawn(command[0], command.slice(1), { cwd: projectRoot, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const report = () => say(`${what} … ${Math.round((Date.now() - started) / 1000)} s`);
  const timers = [setTimeout(report, QUIET_MS), setInterval(report, REPEAT_MS)];
  const forward = (signal) => child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, forward);
  const code = await new Promise((settle) => {
    child.once('error', (error) => settle(error.message));
    child.once('close', (exitCode, signal) => settle(exitCode ?? signal));
  });
  timers.forEach(clearTimeout);
  for (const signal of SIGNALS) process.off(signal, forward);
  if (!goodCodes.includes(code)) throw new StepError(`${what} failed (${code})\n${output.trimEnd()}`);
}

/** Ends the process with one clear message for a {@link StepError}; anything else is a bug and keeps its stack. */
export async function exitOnStepError(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    say(`error: ${error.message}`);
    process.exit(1);
  }
}
