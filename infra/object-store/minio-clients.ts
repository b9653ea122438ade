import * as http from 'node:http';
import * as https from 'node:https';
import { Client } from 'minio';
import type { ObjectStoreKeys } from './keys.js';
import { transport } from './minio-transport.js';

export type MinioOptions = {
  /** `http://host:port` or `https://host`. */
  readonly endpoint: string;
  readonly region: string;
  /** Whether the bucket is in the path of a URL (default) or in its host name. Amazon's own endpoints always get it in the host name. */
  readonly pathStyle?: boolean;
  /** A request fails when its connection transfers nothing for this long. Default 30,000. */
  readonly stallMs?: number;
} & (ObjectStoreKeys | KeySource);

/** Supplies the keys of each request, so that they can change. */
type KeySource = { readonly keys: () => ObjectStoreKeys };

/** Connections that stay open between requests. */
const MAX_IDLE_CONNECTIONS = 16;

/** Clients of minio-js for one store. They share their connections. */
export class MinioClients {
  readonly useTls: boolean;
  private readonly agent: http.Agent;

  constructor(private readonly options: MinioOptions) {
    this.useTls = options.endpoint.startsWith('https:');
    this.agent = new (this.useTls ? https : http).Agent({ keepAlive: true, maxFreeSockets: MAX_IDLE_CONNECTIONS });
  }

  /** A client whose requests end when the signal is aborted. Cheap: create one for each operation. */
  for(signal: AbortSignal): Client {
    const { endpoint, region, pathStyle = true, stallMs = 30_000 } = this.options;
    const { accessKey, secretKey, sessionToken } = 'keys' in this.options ? this.options.keys() : this.options;
    const { hostname, port } = new URL(endpoint);
    return new Client({
      endPoint: hostname.replace(/^\[(.*)\]$/, '$1'),
      ...(port !== '' && { port: Number(port) }),
      useSSL: this.useTls,
      region,
      accessKey,
      secretKey,
      ...(sessionToken !== undefined && { sessionToken }),
      pathStyle,
      transport: transport(this.useTls, signal, stallMs),
      transportAgent: this.agent,
      // A retry of minio-js sends a stream that has been read already, and logs to the console.
      retryOptions: { disableRetry: true },
    });
  }
}
