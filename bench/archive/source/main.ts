import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Pacer } from '../../../lab/source/pacer.js';
import { headOf, startOf } from '../../../lab/source/range-request.js';
import { sendBody } from '../../../lab/source/send-body.js';
import { recordingsOf } from './recording-set.js';
import type { SourceLog, SourceOptions } from './source-process.js';

// The vendor's download server, in a process of its own so that its CPU is not counted as a contender's.
const options = JSON.parse(process.argv[2] ?? '{}') as SourceOptions & { readonly port: number };
const recordings = recordingsOf(options.set);
const shared = options.bytesPerSecond === undefined ? [] : [new Pacer(options.bytesPerSecond)];
const log = { starts: [] as number[], maxConcurrent: 0 } satisfies SourceLog;
let concurrent = 0;

createServer((request, response) => {
  if (request.url === '/readyz') response.end('ready');
  else if (request.url === '/log') response.end(JSON.stringify(log));
  else void transfer(request, response);
}).listen(options.port, '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));

async function transfer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const number = Number(/^\/recordings\/(\d+)\?/.exec(request.url ?? '')?.[1] ?? NaN);
  const recording = recordings[number];
  if (recording === undefined) {
    response.writeHead(404).end();
    return;
  }
  const { length } = recording;
  const etag = `"${number}"`;
  const start = startOf(request, etag, length);
  const { status, headers } = headOf(start, length, etag);
  log.starts.push(number);
  log.maxConcurrent = Math.max(log.maxConcurrent, ++concurrent);
  response.writeHead(status, headers);
  const { streamBytesPerSecond } = options;
  const own = streamBytesPerSecond === undefined ? [] : [new Pacer(streamBytesPerSecond)];
  const isSent = await sendBody(response, recording, { start, end: length }, [...own, ...shared]);
  concurrent -= 1;
  if (isSent) response.end();
}
