import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { minioService } from '../../../dev/local-stack/services/minio-service.js';
import type { OwnStore } from './own-store.js';

const VERSION = 'v1.8.0';

/** An independent second S3 store: the archive may rely on the behaviour that both share. Stores objects and metadata in a folder each. */
export const versitygw: OwnStore = {
  part: {
    name: 'versitygw',
    folder: `versitygw-${VERSION}-${process.platform}-${process.arch}`,
    doing: 'building versitygw from its source, for the tests of the object store (once, 1 to 3 minutes)',
    commands: () => [['go', 'install', `github.com/versity/versitygw/cmd/versitygw@${VERSION}`]],
    env: (into) => ({ GOBIN: into, CGO_ENABLED: '0' }),
  },
  command: (program, address, dir, { accessKey, secretKey, region }) => {
    const [data, sidecar] = ['data', 'sidecar'].map((name) => join(dir, name));
    for (const folder of [data, sidecar]) mkdirSync(folder ?? '');
    const flags = ['--access', accessKey, '--secret', secretKey, '--region', region, '--quiet'];
    return [join(program, 'versitygw'), ...flags, '--port', address, 'posix', '--sidecar', sidecar ?? '', data ?? ''];
  },
  env: () => ({}),
};

/** Name below which {@link encryptingMinio} finds a bucket in the host name of a request. */
export const STORE_DOMAIN = 'store.test';

/** MinIO as in the stack, with an encryption key and a domain. */
export const encryptingMinio: OwnStore = {
  part: minioService.part,
  command: (program, address, dir) => [join(program, 'minio'), 'server', '--address', address, join(dir, 'data')],
  env: ({ accessKey, secretKey, region }) => ({
    MINIO_ROOT_USER: accessKey,
    MINIO_ROOT_PASSWORD: secretKey,
    MINIO_REGION: region,
    MINIO_BROWSER: 'off',
    MINIO_UPDATE: 'off',
    MINIO_DOMAIN: STORE_DOMAIN,
    MINIO_KMS_SECRET_KEY: `test-key:${Buffer.alloc(32, 7).toString('base64')}`,
  }),
};
