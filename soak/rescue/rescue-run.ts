/** When the object store is down: never, for the first half of Kafka's outage, or until after Kafka is back. */
export type StoreDowntime = 'never' | 'first half' | 'until after Kafka';

/** One outage of Kafka that lasts for twice the lifetime of the links announced meanwhile. */
export type RescueRun = {
  readonly name: string;
  readonly count: number;
  readonly perSecond: number;
  readonly lifetimeMs: number;
  readonly storeDown: StoreDowntime;
  /** Whether the ingress, and with it the rescue, is killed and restarted halfway. */
  readonly killsIngress: boolean;
  /** Largest recording. */
  readonly maxBytes: number;
};

const FULL = { count: 200, perSecond: 10, lifetimeMs: 60_000, maxBytes: 2_000_000 };
const QUICK = { count: 10, perSecond: 10, lifetimeMs: 20_000, maxBytes: 300_000 };

const VARIANTS: readonly Pick<RescueRun, 'name' | 'storeDown' | 'killsIngress'>[] = [
  { name: 'Kafka down', storeDown: 'never', killsIngress: false },
  { name: 'Kafka down, ingress killed halfway', storeDown: 'never', killsIngress: true },
  { name: 'Kafka down, object store down for half of it', storeDown: 'first half', killsIngress: false },
  { name: 'Kafka down, ingress killed, object store back last', storeDown: 'until after Kafka', killsIngress: true },
];

export const FULL_RUNS: readonly RescueRun[] = VARIANTS.map((variant) => ({ ...FULL, ...variant }));
export const QUICK_RUNS: readonly RescueRun[] = VARIANTS.map((variant) => ({ ...QUICK, ...variant }));
