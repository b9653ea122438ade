// `node dist/processor/rescue.js SPOOL_DIR`. The ingress starts it. First of all, a Node that cannot run the program hands over.
import '../infra/program/supported-node.js';

await import('./rescue-program.js');
