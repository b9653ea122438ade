import { join } from 'node:path';
import { install } from '../../dev/local-stack/services/cache.js';
import { localEndpoints, type StackEndpoints } from '../../dev/local-stack/endpoints.js';
import { cacheDir } from '../../dev/local-stack/folders.js';
import { minioService } from '../../dev/local-stack/services/minio-service.js';
import type { ServiceOptions } from '../../dev/local-stack/services/native-service.js';
import { portPlan } from '../../dev/local-stack/tcp-ports.js';
import { withReadiness } from '../../dev/local-stack/services/readiness.js';
import type { ReadyProcess } from '../../dev/local-stack/process/supervised-process.js';
import type { Env } from '../../infra/settings/read-settings.js';
import { filesBelow } from '../../lab/files-below.js';

/** A separate MinIO process. Unlike the local stack's, it stays down after a kill. It cannot outlive this process. */
export class StoreUnderTest {
  readonly endpoints: StackEndpoints;
  private readonly context: ServiceOptions;
  private minio: ReadyProcess | undefined;
  private starting: Promise<void> = Promise.resolve();
  private suspendedPid: number | undefined;

  /** @param base start of a block of free ports, of which it uses one. */
  constructor(dir: string, base: number, env: Env) {
    const ports = portPlan({}, base);
    this.endpoints = localEndpoints(ports, env);
    const installed = join(cacheDir(env), minioService.part.folder);
    this.context = { dir, installed, ports, endpoints: this.endpoints, env };
  }

  /** Resolves when MinIO is ready. */
  start(signal: AbortSignal): Promise<void> {
    this.starting = this.begin(signal);
    return this.starting;
  }

  /** Kills MinIO, but not before it was ready. Resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.starting;
    await this.minio?.kill();
  }

  /** Suspends MinIO: connections stay open without answers. Does nothing while MinIO is down. */
  async hang(): Promise<void> {
    await this.starting;
    this.suspendedPid = await this.minio?.pid;
    this.signalSuspended('SIGSTOP');
  }

  /** Resumes MinIO after {@link hang}. Idempotent; MinIO may have been killed meanwhile. */
  resume(): void {
    this.signalSuspended('SIGCONT');
    this.suspendedPid = undefined;
  }

  async stop(): Promise<void> {
    this.resume();
    await this.minio?.stop();
  }

  /** Files of multipart uploads that were neither completed nor aborted. MinIO lists them over S3 only for known keys. */
  multipartLeftovers(): string[] {
    return filesBelow(join(this.context.dir, 'minio', '.minio.sys', 'multipart'));
  }

  private async begin(signal: AbortSignal): Promise<void> {
    const { context } = this;
    await install(minioService.part, { cache: cacheDir(context.env), log: () => undefined, signal });
    const started = await minioService.start(context);
    this.minio = withReadiness(started, minioService.probe(context), minioService.deadlineMs);
    await this.minio.waitReady({ signal });
  }

  private signalSuspended(signal: 'SIGSTOP' | 'SIGCONT'): void {
    try {
      if (this.suspendedPid !== undefined) process.kill(this.suspendedPid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
