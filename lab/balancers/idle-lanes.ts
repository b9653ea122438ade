import { sleep, systemClock } from '../../infra/async/clock.js';
import { between, seededRandom } from '../random.js';
import { startLanes, type Balancer } from './balancer-process.js';
import { BALANCERS } from './documented-config.js';
import { EventSender, type Tally } from './event-sender.js';

/** Around the time at which uWebSockets.js closes a connection. */
const MIN_GAP_MS = 7_000;
const MAX_GAP_MS = 13_000;

export type IdleLanesOptions = {
  /** Folder for files of the balancers. */
  readonly dir: string;
  readonly port: number;
  readonly seed: number;
  /** Pools of connections for each balancer. */
  readonly lanes: number;
  /** Requests through each pool, one after another with a gap of 7 to 13 s between them. */
  readonly requests: number;
  readonly signal?: AbortSignal;
};

/** Lets connections between real balancers and an ingress be idle for about as long as the ingress allows, then uses them. */
export async function runIdleLanes(options: IdleLanesOptions): Promise<Tally> {
  const { dir, port, seed, lanes, requests, signal } = options;
  const sender = new EventSender(`idle-${seed}`);
  const balancers: Balancer[] = [];
  try {
    for (const name of BALANCERS) balancers.push(await startLanes(name, dir, port, lanes));
    const runs = balancers.flatMap(({ process, sockets }, balancer) =>
      sockets.map(async (socket, lane) => {
        const random = seededRandom(seed * 10_000 + balancer * 1_000 + lane);
        for (let sent = 0; sent < requests && signal?.aborted !== true; sent += 1) {
          // The first request of each pool at a time of its own.
          await sleep(
            systemClock,
            sent === 0 ? between(random, 0, 2_000) : between(random, MIN_GAP_MS, MAX_GAP_MS),
            signal,
          );
          await sender.send(process.name, socket);
        }
      }),
    );
    await Promise.all(runs);
  } finally {
    await Promise.all(balancers.map(({ process }) => process.stop()));
    sender.close();
  }
  return sender.tally;
}
