import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { serviceEnv, type NativeService } from './native-service.js';
import { httpProbe } from './readiness.js';
import { supervise } from '../process/supervised-process.js';
import { commandOf } from './toolchain.js';

const VERSION = '2.6.13.Final';

/** Apicurio Registry with the Confluent API below `/apis/ccompat/v7`. It stores schemas in an H2 file. */
export const registryService: NativeService = {
  name: 'schema registry',
  part: {
    name: 'the schema registry',
    folder: `apicurio-registry-${VERSION}`,
    doing: 'fetching the schema registry from Maven Central (once, about 15 s)',
    commands: (into) => [
      [
        // Without a pom: inside a project, the plugin unpacks into the project's own folder.
        'mvn',
        '-B',
        '-q',
        'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack',
        `-Dartifact=io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`,
        `-DoutputDirectory=${into}`,
      ],
    ],
  },
  toInstall: ['java', 'mvn'],
  toRun: ['java'],
  deadlineMs: 90_000,
  probe: ({ endpoints }) => httpProbe(`${endpoints.SCHEMA_REGISTRY_URL}/subjects`),
  start: ({ dir, installed, ports, env }) => {
    const data = join(dir, 'registry');
    mkdirSync(data, { recursive: true });
    return Promise.resolve(
      supervise({
        name: 'schema registry',
        command: [
          commandOf('java', env),
          // A small heap and only the fast compiler: it serves a few requests at each start of a program.
          '-Xms64m',
          '-Xmx256m',
          '-XX:+UseSerialGC',
          '-XX:TieredStopAtLevel=1',
          '-Djava.awt.headless=true',
          // Files that it unpacks would otherwise stay in the system's temporary folder.
          `-Djava.io.tmpdir=${data}`,
          '-Dquarkus.http.host=127.0.0.1',
          `-Dquarkus.http.port=${ports.registry}`,
          `-Dquarkus.datasource.jdbc.url=jdbc:h2:file:${join(data, 'schemas')}`,
          '-Dquarkus.datasource.jdbc.min-size=1',
          '-Dquarkus.datasource.jdbc.initial-size=1',
          // Otherwise a schema that differs in white space only counts as another schema.
          '-Dregistry.ccompat.use-canonical-hash=true',
          '-jar',
          join(installed, `apicurio-registry-app-${VERSION}-runner.jar`),
        ],
        env: serviceEnv(env),
        cwd: data,
        logFile: join(dir, 'logs', 'registry.log'),
        graceMs: 10_000,
      }),
    );
  },
};
