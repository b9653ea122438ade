import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { cacheDir } from '../../dev/local-stack/folders.js';
import { isInstalled } from '../../dev/local-stack/services/cache.js';
import { kafkaService } from '../../dev/local-stack/services/kafka-service.js';
import { commandOf, requireTools } from '../../dev/local-stack/services/toolchain.js';

/** Runs a tool of Apache Kafka, such as its console producer. */
export type JavaClient = {
  /** @returns what it prints. @throws Error when it fails. */
  readonly run: (tool: string, args: readonly string[], input?: string) => Promise<string>;
};

/** Apache Kafka's own clients where Java and their jars are on this machine, or why they are missing. */
export async function javaClient(): Promise<JavaClient | { readonly why: string }> {
  const cache = cacheDir(process.env);
  if (!isInstalled(kafkaService.part, cache)) return { why: "Apache Kafka's jars are not in the cache" };
  try {
    await requireTools(['java'], process.env);
  } catch {
    return { why: 'Java is missing' };
  }
  const jars = join(cache, kafkaService.part.folder, '*');
  return {
    run: (tool, args, input = '') =>
      new Promise((resolve, reject) => {
        const command = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', jars, `org.apache.kafka.tools.${tool}`, ...args];
        const child = execFile(
          commandOf('java', process.env),
          command,
          { maxBuffer: 2 ** 26 },
          (error, stdout, stderr) => {
            if (error === null) resolve(stdout);
            else reject(new Error(`${tool} failed: ${stderr}`, { cause: error }));
          },
        );
        // A tool that fails may not read its input.
        child.stdin?.on('error', () => undefined).end(input);
      }),
  };
}
