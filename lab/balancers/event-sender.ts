import { Agent, request } from 'node:http';

export const TOKEN = 'balancers';

/** What became of the requests that were sent. */
export type Tally = {
  sent: number;
  accepted: number;
  /** Requests without a 202, each as `<balancer>: <status or error>`. */
  readonly lost: string[];
};

/** Closes idle connections long before a balancer does, so that only what is behind the balancer can lose a request. */
const IDLE_MS = 2_000;

/** Sends numbered events through balancers and counts those that were not accepted. */
export class EventSender {
  readonly tally: Tally = { sent: 0, accepted: 0, lost: [] };
  private readonly agent = new Agent({ keepAlive: true, timeout: IDLE_MS, maxSockets: 512 });

  constructor(private readonly run: string) {}

  /** Sends one event through the balancer that listens on a socket. Resolves with its answer, or its loss. */
  async send(balancer: string, socketPath: string): Promise<void> {
    const { tally } = this;
    tally.sent += 1;
    const status = await this.post(socketPath, this.event(tally.sent));
    if (status === 202) tally.accepted += 1;
    else tally.lost.push(`${balancer}: ${status}`);
  }

  close(): void {
    this.agent.destroy();
  }

  private event(number: number): string {
    return JSON.stringify({
      event: 'session.ended',
      sessionId: `${this.run}-${number}`,
      timestamp: '2026-05-03T08:42:11.512Z',
      currentNodeId: 'ask_intention',
      messagesCount: 8,
      extractedVariables: {},
    });
  }

  private post(socketPath: string, body: string): Promise<number | string> {
    return new Promise((resolve) => {
      const headers = {
        host: 'webhooks.test',
        authorization: `Bearer ${TOKEN}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      };
      const options = { socketPath, method: 'POST', path: '/v1/webhooks/pathors', headers, agent: this.agent };
      const sent = request(options, (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
        response.once('error', (error) => resolve(error.message));
      });
      sent.once('error', (error) => resolve(error.message));
      sent.end(body);
    });
  }
}
