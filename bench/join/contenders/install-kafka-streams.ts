import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { install, isInstalled, type Installable } from '../../../dev/local-stack/services/cache.js';
import { cacheDir, projectRoot } from '../../../dev/local-stack/folders.js';
import type { Log } from '../../../dev/local-stack/progress.js';
import { requireTools } from '../../../dev/local-stack/services/toolchain.js';

const SOURCE = join(projectRoot, 'bench', 'peers', 'kafka-streams');
const POM = join(SOURCE, 'pom.xml');

/**
 * Builds the Kafka Streams peer into the cache that all clones share, unless it is there already.
 * @returns the folder of its jars.
 * @throws StackError when Java or Maven is missing, or the build fails.
 */
export async function installKafkaStreams(log: Log): Promise<string> {
  const cache = cacheDir(process.env);
  const part: Installable = {
    name: 'the Kafka Streams peer',
    // Changed sources are built into another folder.
    folder: `kafka-streams-join-4.1.0-${sourceHash()}`,
    doing: 'building the Kafka Streams peer with Maven (once, up to a minute)',
    commands: (into) => [['mvn', '-B', '-q', '-f', POM, 'package', `-DoutputFolder=${into}`]],
  };
  await requireTools(isInstalled(part, cache) ? ['java'] : ['java', 'mvn'], process.env);
  return install(part, { cache, log });
}

function sourceHash(): string {
  const hash = createHash('sha256');
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => /\.(java|xml)$/.test(name)).sort()) {
    hash.update(`${file}\n`).update(readFileSync(join(SOURCE, file)));
  }
  return hash.digest('hex').slice(0, 8);
}
