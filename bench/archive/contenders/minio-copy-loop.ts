import { join } from 'node:path';
import { findFreeBase } from '../../../dev/local-stack/tcp-ports.js';
import { projectRoot } from '../../../dev/local-stack/folders.js';
import { startProgram } from '../../../dev/local-stack/process/program.js';
import type { ArchiveContender } from './contender.js';

/** `bench/peers/minio-copy.ts`: no queue of deadlines, no retry, no hash, no outcome. This is the minimum that copying costs. */
export const COPY_LOOP: ArchiveContender = {
  name: 'bare minio-js copy loop',
  start: async ({ site, bucket, concurrency }) => {
    await bucket.make();
    const port = await findFreeBase();
    const program = startProgram({
      name: 'minio-copy',
      script: join(projectRoot, 'dist', 'bench', 'peers', 'minio-copy.js'),
      env: {
        ...process.env,
        ...site.endpoints,
        PORT: String(port),
        S3_BUCKET: bucket.name,
        CONCURRENCY: String(concurrency),
      },
      logFile: join(site.dir, 'logs', 'minio-copy.log'),
      readyUrl: `http://127.0.0.1:${port}/readyz`,
    });
    await program.waitReady();
    return {
      pid: await program.pid,
      announce: (links) => {
        const body = JSON.stringify(links.map(({ sessionId, url }) => ({ key: `${sessionId}.wav`, url })));
        return Promise.resolve(async () => {
          const response = await fetch(`http://127.0.0.1:${port}/copy`, { method: 'POST', body });
          const output = await response.text();
          if (!output.endsWith('done')) throw new Error(`the copy loop did not finish: ${output}`);
        });
      },
      stop: async () => {
        await program.stop();
      },
    };
  },
};
