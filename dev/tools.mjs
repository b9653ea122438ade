// Checks within a moment whether a machine has the tools that the local stack needs.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const MIN_JAVA = 17;
const DOCKER_TIMEOUT_MS = 3_000;

/**
 * Names what is missing; empty where Docker answers, where the services are given by settings, or where everything is present.
 * @param env the environment
 * @param {readonly string[]} cached names in the cache: a cached part needs no tool that fetches or builds it
 */
export function missingTools(env, cached) {
  if (env.KAFKA_BROKERS || env.SCHEMA_REGISTRY_URL || env.S3_ENDPOINT || env.STACK === 'docker') return [];
  if (env.STACK !== 'native' && dockerAnswers(env)) return [];
  const isCached = (part) => cached.some((name) => name.startsWith(part) && !/\.(tmp|lock|log)$/.test(name));
  const missing = [];
  if (!hasJava(env)) missing.push('Java 17 or later (apt install openjdk-17-jre-headless, or adoptium.net)');
  if (!(isCached('kafka-') && isCached('apicurio-registry-')) && !isOnPath('mvn', env)) {
    missing.push('Maven 3.6 or later (apt install maven)');
  }
  if (!isCached('minio-') && !isOnPath('go', env)) missing.push('Go 1.21 or later (go.dev/dl)');
  return missing;
}

function dockerAnswers(env) {
  if (!isOnPath('docker', env)) return false;
  return spawnSync('docker', ['info'], { env, stdio: 'ignore', timeout: DOCKER_TIMEOUT_MS }).status === 0;
}

function hasJava(env) {
  const java = env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : 'java';
  const { stderr, error } = spawnSync(java, ['-version'], { env, encoding: 'utf8' });
  if (error !== undefined) return false;
  const version = Number(/version "(\d+)/.exec(stderr)?.[1]);
  // A version line of an unknown form is not held against it.
  return !(version < MIN_JAVA);
}

export function isOnPath(program, env) {
  return (env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
