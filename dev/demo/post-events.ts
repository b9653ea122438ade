import { sleep, systemClock } from '../../infra/async/clock.js';
import type { SenderEvent } from '../../schemas/validators.js';

export type Ingress = { readonly url: string; readonly auth?: { readonly header: string; readonly token: string } };

/** Pause between events, so that the demo lasts long enough to watch, and to kill something in the middle of it. */
const PAUSE_MS = 25;

/**
 * Sends each event once, one after the other, as the vendor does.
 * @returns by session, the times at which its events were sent, in ms since the epoch.
 * @throws Error when an event is not accepted. The vendor would not send it again either.
 */
export async function postEvents(
  ingress: Ingress,
  events: readonly SenderEvent[],
  onSent: () => void,
): Promise<Map<string, number[]>> {
  const sent = new Map<string, number[]>();
  for (const event of events) {
    sent.set(event.sessionId, [...(sent.get(event.sessionId) ?? []), Date.now()]);
    const response = await fetch(`${ingress.url}/v1/webhooks/pathors`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(ingress.auth && { [ingress.auth.header]: `Bearer ${ingress.auth.token}` }),
      },
      body: JSON.stringify(event),
    });
    const answer = await response.text();
    if (response.status !== 202)
      throw new Error(`the ingress answered ${response.status} to ${event.event}: ${answer}`);
    onSent();
    await sleep(systemClock, PAUSE_MS);
  }
  return sent;
}
