import { loadUws } from '../../ingress/http/server/uws-loader.js';

// The floor: uWebSockets.js returns the body it received. Anything an ingress does comes on top of this.
const port = Number(process.argv[2]);
loadUws()
  .App()
  .get('/readyz', (res) => {
    res.end('ready');
  })
  .post('/v1/webhooks/pathors', (res) => {
    const chunks: Buffer[] = [];
    res.onAborted(() => undefined);
    res.onData((chunk, isLast) => {
      chunks.push(Buffer.from(Buffer.from(chunk)));
      if (isLast) res.cork(() => res.writeStatus('202 Accepted').end(Buffer.concat(chunks)));
    });
  })
  .listen('127.0.0.1', port, (socket) => {
    if (!socket) process.exit(1);
  });
process.on('SIGTERM', () => process.exit(0));
