import { setTimeout as delay } from 'node:timers/promises';
import type { SenderEvent } from '../../schemas/validators.js';

export type Ingress = { readonly url: string; readonly auth?: { readonly header: string; readonly token: string } };

/** Short pauses: so that the demo lasts long enough to watch, and to kill something in its middle. */
const PAUSE_MS = 25;

/**
 * Sends the events one after the other, each once, as the vendor does.
 * @returns when each session's events were sent, ms since the epoch.
 * @throws Error when one is not accepted: the vendor would not send it again either.
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
      throw new Error(`the ingress answered ${response.status} to a ${event.event}: ${answer}`);
    onSent();
    await delay(PAUSE_MS);
  }
  return sent;
}
