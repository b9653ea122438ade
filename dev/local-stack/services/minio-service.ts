import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { serviceEnv, type NativeService } from './native-service.js';
import { httpProbe } from './readiness.js';
import { supervise } from '../process/supervised-process.js';

/** Last version of MinIO's source. Upstream publishes no images or binaries of it. */
const VERSION = 'v0.0.0-20260212201848-7aac2a2c5b7c';

/** MinIO, built from its pinned source: one process on one folder. */
export const minioService: NativeService = {
  name: 'MinIO',
  part: {
    name: 'MinIO',
    folder: `minio-${VERSION}-${process.platform}-${process.arch}`,
    doing: 'building MinIO from its source (once, 2 to 5 minutes)',
    commands: () => [['go', 'install', `github.com/minio/minio@${VERSION}`]],
    env: (into) => ({ GOBIN: into, CGO_ENABLED: '0' }),
  },
  toInstall: ['go'],
  toRun: [],
  deadlineMs: 60_000,
  probe: ({ endpoints }) => httpProbe(`${endpoints.S3_ENDPOINT}/minio/health/ready`),
  start: ({ dir, installed, ports, endpoints, env }) => {
    const data = join(dir, 'minio');
    mkdirSync(data, { recursive: true });
    return Promise.resolve(
      supervise({
        name: 'MinIO',
        command: [join(installed, 'minio'), 'server', '--address', `127.0.0.1:${ports.minio}`, data],
        env: {
          ...serviceEnv(env),
          MINIO_ROOT_USER: endpoints.S3_ACCESS_KEY,
          MINIO_ROOT_PASSWORD: endpoints.S3_SECRET_KEY,
          MINIO_REGION: endpoints.S3_REGION,
          MINIO_BROWSER: 'off',
          // Does not look for newer versions at each start.
          MINIO_UPDATE: 'off',
        },
        logFile: join(dir, 'logs', 'minio.log'),
        graceMs: 5_000,
      }),
    );
  },
};
