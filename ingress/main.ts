// `node dist/ingress/main.js`. First of all, a Node that cannot run the program hands over to one that can.
import '../infra/program/supported-node.js';

const { runCommand } = await import('./command.js');
await runCommand(process.argv.slice(2));
