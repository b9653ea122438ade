import { parseArgs } from 'node:util';

/** What the arguments ask for. */
export type Command =
  | { readonly kind: 'serve' | 'help' }
  | { readonly kind: 'drain-spool'; readonly dir: string }
  | { readonly kind: 'invalid'; readonly fault: string };

export const USAGE = `usage: node dist/ingress/main.js [--drain-spool DIR | --help]

Without arguments: receives webhooks over HTTP and writes them to Kafka.

  --drain-spool DIR  sends the events that a stopped ingress left in a spool to Kafka, and ends. DIR is the spool folder
                     (INGRESS_SPOOL_DIR) or one of its worker folders. Refuses a folder that a running ingress uses.
                     Exits with 0 once the spool is empty, otherwise with 1. Run it again to continue.
  --help             prints this text

All other settings are environment variables: see the README.
`;

export function parseArguments(args: readonly string[]): Command {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { 'drain-spool': { type: 'string' }, help: { type: 'boolean', short: 'h' } },
      strict: true,
      allowPositionals: false,
    });
    if (values.help === true) return { kind: 'help' };
    const dir = values['drain-spool'];
    if (dir === undefined) return { kind: 'serve' };
    return dir === '' ? { kind: 'invalid', fault: '--drain-spool needs a folder' } : { kind: 'drain-spool', dir };
  } catch (error) {
    return { kind: 'invalid', fault: error instanceof Error ? error.message : String(error) };
  }
}

/** Runs what the arguments ask for. Each command loads only what it needs: draining a spool never loads the HTTP server. */
export async function runCommand(args: readonly string[]): Promise<void> {
  const command = parseArguments(args);
  switch (command.kind) {
    case 'serve':
      await import('./program.js');
      return;
    case 'help':
      process.stdout.write(USAGE);
      return;
    case 'invalid':
      process.stderr.write(`ingress: ${command.fault}\n\n${USAGE}`);
      process.exitCode = 1;
      return;
    case 'drain-spool': {
      const { drainSpoolCommand } = await import('./drain-spool/drain-command.js');
      await drainSpoolCommand(command.dir);
    }
  }
}
