import { ourIngress } from '../ingress/contenders.js';
import { onServers } from '../ingress/with-servers.js';
import { catchUp, storeBacklog } from '../join/catch-up.js';
import { ourJoin } from '../join/contenders/our-join.js';
import type { BenchSite } from './bench-site.js';

/**
 * A broker that has just started compiles its own code while it works: whoever is measured first would pay for that. So it is given
 * events, and transactions, once for all parts.
 */
export async function warmUp(site: BenchSite, quick: boolean): Promise<void> {
  site.log('warming the broker up');
  await onServers(site, async (open) => (await open(ourIngress(site))).turn({ durationMs: quick ? 2_000 : 13_000 }));
  await catchUp(site, ourJoin(), await storeBacklog(site, 'warm-up', quick ? 2_000 : 100_000));
}
