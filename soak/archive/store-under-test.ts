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

/** MinIO as a process of its own: unlike the local stack's it stays away when it has been killed. It cannot outlive this process. */
export class StoreUnderTest {
  readonly endpoints: StackEndpoints;
  private readonly context: ServiceOptions;
  private minio: ReadyProcess | undefined;
  private starting: Promise<void> = Promise.resolve();
  private hung: number | undefined;

  /** @param base of a block of free ports, of which it takes one. */
  constructor(dir: string, base: number, env: Env) {
    const ports = portPlan({}, base);
    this.endpoints = localEndpoints(ports, env);
    const installed = join(cacheDir(env), minioService.part.folder);
    this.context = { dir, installed, ports, endpoints: this.endpoints, env };
  }

  /** Resolves when it is ready. */
  start(signal: AbortSignal): Promise<void> {
    this.starting = this.begin(signal);
    return this.starting;
  }

  /** SIGKILL, not before it was ready; resolves when it is gone. */
  async kill(): Promise<void> {
    await this.starting;
    await this.minio?.kill();
  }

  /** SIGSTOP: connections stay open, nothing is answered. Does nothing while it is away. */
  async hang(): Promise<void> {
    await this.starting;
    this.hung = await this.minio?.pid;
    this.signalHung('SIGSTOP');
  }

  /** SIGCONT after {@link hang}. Idempotent; it may have been killed meanwhile. */
  goOn(): void {
    this.signalHung('SIGCONT');
    this.hung = undefined;
  }

  async stop(): Promise<void> {
    this.goOn();
    await this.minio?.stop();
  }

  /** Files of multipart uploads that were neither completed nor aborted. S3's own listing of them needs the keys in MinIO. */
  multipartLeftOvers(): string[] {
    return filesBelow(join(this.context.dir, 'minio', '.minio.sys', 'multipart'));
  }

  private async begin(signal: AbortSignal): Promise<void> {
    const { context } = this;
    await install(minioService.part, { cache: cacheDir(context.env), log: () => undefined, signal });
    const started = await minioService.start(context);
    this.minio = withReadiness(started, minioService.probe(context), minioService.deadlineMs);
    await this.minio.waitReady({ signal });
  }

  private signalHung(signal: 'SIGSTOP' | 'SIGCONT'): void {
    try {
      if (this.hung !== undefined) process.kill(this.hung, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
