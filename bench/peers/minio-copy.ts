import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { Client } from 'minio';

// What a user would write first: fetch each link and put the body, a fixed number at a time. POST /copy takes the list and answers when
// everything is in the bucket.
const { S3_ENDPOINT = '', S3_ACCESS_KEY = '', S3_SECRET_KEY = '', S3_BUCKET = '', PORT, CONCURRENCY } = process.env;
const endpoint = new URL(S3_ENDPOINT);
const minio = new Client({
  endPoint: endpoint.hostname,
  port: Number(endpoint.port),
  useSSL: endpoint.protocol === 'https:',
  accessKey: S3_ACCESS_KEY,
  secretKey: S3_SECRET_KEY,
});

type Link = { readonly key: string; readonly url: string };

async function copy({ key, url }: Link): Promise<void> {
  const response = await fetch(url);
  if (!response.ok || response.body === null) throw new Error(`${key}: HTTP ${response.status}`);
  const body = Readable.fromWeb(response.body);
  const headers = { 'content-type': response.headers.get('content-type') ?? 'application/octet-stream' };
  await minio.putObject(S3_BUCKET, key, body, Number(response.headers.get('content-length')), headers);
}

async function copyAll(links: Link[], onCopied: () => void): Promise<void> {
  const work = async (): Promise<void> => {
    for (let link = links.shift(); link !== undefined; link = links.shift()) {
      await copy(link);
      onCopied();
    }
  };
  await Promise.all(Array.from({ length: Number(CONCURRENCY) }, work));
}

const server = createServer((request, response) => {
  if (request.url !== '/copy') {
    response.end('ready');
    return;
  }
  // Writes a byte for each copy, so that the client does not time out.
  json(request)
    .then((links) => copyAll(links as Link[], () => response.write('.')))
    .then(
      () => response.end('done'),
      (error: unknown) => response.end(`failed: ${String(error)}`),
    );
  response.writeHead(200).flushHeaders();
});
server.requestTimeout = 0;
server.listen(Number(PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
