/**
 * For node, before the processor's script; `docker-compose.yml` has the same. Room of 8 MiB for new objects where node takes 16: a backlog then
 * takes some 25 MiB less of memory, and no more CPU.
 */
export const PROCESSOR_NODE_ARGUMENTS: readonly string[] = ['--max-semi-space-size=8'];
