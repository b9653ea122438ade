import { ourIngress } from '../ingress/contenders.js';
import { withServers } from '../ingress/with-servers.js';
import { catchUp, storeBacklog } from '../join/catch-up.js';
import { ourJoin } from '../join/contenders/our-join.js';
import type { BenchSite } from './bench-site.js';

/**
 * Warms the broker up with events and transactions, once for all parts. A broker that has just started compiles its code under load,
 * which would slow down whatever is measured first.
 */
export async function warmUp(site: BenchSite, quick: boolean): Promise<void> {
  site.log('warming up the broker');
  await withServers(site, async (open) => (await open(ourIngress(site))).turn({ durationMs: quick ? 2_000 : 13_000 }));
  await catchUp(site, ourJoin(), await storeBacklog(site, 'warm-up', quick ? 2_000 : 100_000));
}
