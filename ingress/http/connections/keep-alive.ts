import type { Clock } from '../../../infra/async/clock.js';
import { RequestRate, SECOND, SLOT_MS } from './request-rate.js';

/** Values of `INGRESS_KEEP_ALIVE`. */
export const KEEP_ALIVE_MODES = ['auto', 'always', 'never'] as const;
export type KeepAliveMode = (typeof KEEP_ALIVE_MODES)[number];

/** Whether answers to one client keep their connection. */
export type KeepAliveDecision = () => boolean;

/**
 * Decides whether an answer keeps its connection.
 *
 * uWebSockets.js closes a connection after 8 to 12 s without a request, and no setting changes that. A balancer that reuses the connection
 * at that moment loses the request. Only one end of a connection is free of this race: `Connection: close` in an answer.
 */
export type KeepAlive = {
  /** Counts a request. Call it once for each, while the response is valid. @returns a decision to ask for just before the answer. */
  readonly onRequest: (client: ClientSource) => KeepAliveDecision;
};

/** A response of uWebSockets.js: 4 or 16 bytes in network order. */
export type ClientSource = { readonly getRemoteAddress: () => ArrayBuffer };

/** Requests that a client must have sent in the last second to keep its connections. Below, closing costs at most 1 % of a core. */
const MIN_PER_SECOND = 1_000;
/** Longest mean time between two requests on one of all open connections. A hundredth of the time after which a connection is closed. */
const MAX_MEAN_GAP_MS = 100;
/** Number of slots that show whether the rate has just dropped. */
const RECENT = 2;

/** What a server carries now. */
export type ServerLoad = { readonly openConnections: number; readonly requestsInFlight: number };

/** @param load read at each decision. */
export function createKeepAlive(mode: KeepAliveMode, load: ServerLoad, clock: Clock): KeepAlive {
  switch (mode) {
    case 'always':
      return { onRequest: () => () => true };
    case 'never':
      return { onRequest: () => () => false };
    case 'auto':
      return new KeepAliveWhileBusy(load, clock);
  }
}

/**
 * Keeps connections only while none of them can be idle for long: the client sends at least 1,000 requests a second, and all open
 * connections together carry a request each 100 ms or more often. A new or quiet client gets `Connection: close` with every answer, and so does one whose
 * rate has just halved, unless most connections wait for an answer. Clients are told apart by address, so that a busy one does not keep the connections of a quiet one.
 */
class KeepAliveWhileBusy implements KeepAlive {
  private readonly all = new RequestRate();
  private readonly clients = new Map<number, Client>();
  private forgotAt = 0;

  constructor(
    private readonly load: ServerLoad,
    private readonly clock: Clock,
  ) {}

  onRequest(source: ClientSource): KeepAliveDecision {
    const slot = this.slot();
    if (slot - this.forgotAt >= SECOND) this.forgetQuietClients(slot);
    const address = foldAddress(source.getRemoteAddress());
    let client = this.clients.get(address);
    if (client === undefined) this.clients.set(address, (client = new Client(this.keepsConnections)));
    this.all.count(slot);
    client.rate.count(slot);
    return client.keepsConnections;
  }

  private readonly keepsConnections = (client: Client): boolean => {
    const slot = this.slot();
    if (client.judgedAt !== slot) {
      client.judgedAt = slot;
      client.isBusy = this.isBusy(client.rate, slot);
    }
    return client.isBusy;
  };

  private isBusy(rate: RequestRate, slot: number): boolean {
    const { openConnections, requestsInFlight } = this.load;
    const perSecond = rate.before(slot, SECOND);
    if (perSecond < MIN_PER_SECOND || this.all.before(slot, SECOND) * MAX_MEAN_GAP_MS < openConnections * 1_000) {
      return false;
    }
    // After a pause of this process or of Kafka, clients have sent nothing because they wait for answers. Others than this one.
    const isWaitedFor = 2 * (requestsInFlight - 1) >= openConnections;
    return isWaitedFor || rate.before(slot, RECENT) >= (perSecond * RECENT) / SECOND / 2;
  }

  private forgetQuietClients(slot: number): void {
    this.forgotAt = slot;
    for (const [address, { rate }] of this.clients) {
      if (rate.before(slot, SECOND) === 0) this.clients.delete(address);
    }
  }

  private slot(): number {
    return Math.floor(this.clock.monotonic() / SLOT_MS);
  }
}

class Client {
  readonly rate = new RequestRate();
  judgedAt = -1;
  isBusy = false;
  readonly keepsConnections: KeepAliveDecision;

  constructor(judge: (client: Client) => boolean) {
    this.keepsConnections = () => judge(this);
  }
}

/** A number for an address. Two addresses may share one; they then count as one client. */
function foldAddress(bytes: ArrayBuffer): number {
  const view = new DataView(bytes);
  let folded = 0;
  for (let at = 0; at + 4 <= view.byteLength; at += 4) folded ^= view.getUint32(at);
  return folded;
}
