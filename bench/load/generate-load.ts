import { EventRequests } from './event-requests.js';
import { HttpConnection } from '../../lab/http-connection.js';
import { Latencies, type LatencySummary } from './latencies.js';

export type LoadOptions = {
  readonly port: number;
  readonly path: string;
  readonly token: string;
  readonly run: string;
  readonly connections: number;
  readonly durationMs: number;
  /** Events a second, sent on schedule whatever the answers do; absent: each connection sends as soon as it has its answer. */
  readonly rate?: number;
  /** Size of each body; absent: the vendor's example as it is. */
  readonly bodyBytes?: number;
};

export type LoadResult = {
  readonly answers: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** With a rate, counted from when the event was due, so that a stall of the server shows in every event that waited behind it. */
  readonly latencyMs: LatencySummary;
};

/** Sends events for a while, then waits for outstanding answers. */
export async function generateLoad(options: LoadOptions): Promise<LoadResult> {
  const { port, path, token, run, connections, durationMs, rate, bodyBytes } = options;
  const requests = new EventRequests(path, token, run, bodyBytes);
  const answers: Record<string, number> = {};
  const latencies = new Latencies();
  const idle: HttpConnection[] = [];
  /** Times at which events were due while no connection was free. */
  const overdue: number[] = [];
  const start = performance.now();
  let inFlight = 0;
  let finish = (): void => undefined;
  const isOver = (): boolean => performance.now() - start >= durationMs;

  const open = (): HttpConnection =>
    new HttpConnection(port, () => {
      if (!isOver()) release(open());
    });
  const send = (connection: HttpConnection, due: number): void => {
    inFlight += 1;
    connection.send(requests.next(), (status) => {
      inFlight -= 1;
      answers[status] = (answers[status] ?? 0) + 1;
      latencies.add(performance.now() - due);
      if (status !== 0) release(connection);
      if (inFlight === 0 && isOver()) finish();
    });
  };
  const release = (connection: HttpConnection): void => {
    if (isOver()) connection.close();
    else if (rate === undefined) send(connection, performance.now());
    else {
      const due = overdue.shift();
      if (due === undefined) idle.push(connection);
      else send(connection, due);
    }
  };

  for (let i = 0; i < connections; i += 1) release(open());
  if (rate !== undefined)
    await sendOnSchedule(rate, start, isOver, (due) => {
      const connection = idle.pop();
      if (connection === undefined) overdue.push(due);
      else send(connection, due);
    });
  await new Promise<void>((resolve) => {
    finish = resolve;
    const check = setInterval(() => {
      if (!isOver() || inFlight > 0) return;
      clearInterval(check);
      resolve();
    }, 5);
  });
  for (const connection of idle) connection.close();
  return { answers, seconds: (performance.now() - start) / 1000, latencyMs: latencies.summary() };
}

function sendOnSchedule(
  rate: number,
  start: number,
  isOver: () => boolean,
  sendDue: (due: number) => void,
): Promise<void> {
  let sent = 0;
  return new Promise((resolve) => {
    const tick = setInterval(() => {
      const wanted = Math.floor(((performance.now() - start) / 1000) * rate);
      for (; sent < wanted; sent += 1) sendDue(start + (sent / rate) * 1000);
      if (!isOver()) return;
      clearInterval(tick);
      resolve();
    }, 1);
  });
}
