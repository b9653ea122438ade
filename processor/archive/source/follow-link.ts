import type { OpenSource, SourceResponse } from './http-source.js';
import type { LinkGuard } from './link-guard.js';
import { faultOfError, type SourceFault } from './source-fault.js';

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export type Followed =
  | {
      readonly kind: 'answered';
      readonly response: SourceResponse;
      /** Path of the last link, as a hint at the file type. Part of a secret: keep it out of logs and records. */
      readonly path: string;
    }
  | { readonly kind: 'failed'; readonly fault: SourceFault };

/** Requests links and follows redirects. Judges each hop before sending anything to it. */
export class LinkFollower {
  constructor(
    private readonly guard: LinkGuard,
    private readonly open: OpenSource,
  ) {}

  /** Returns the first response that is not a redirect. An abort may look like any fault: check the signal. */
  async follow(link: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Followed> {
    let next = link;
    let base: URL | undefined;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
      const verdict = await untilAborted(this.guard.judge(next, base), signal);
      if (verdict === 'aborted') return failed({ reason: 'timeout', detail: 'DNS' });
      if (verdict.kind === 'refused') return failed(verdict.fault);
      const { target } = verdict;
      let response: SourceResponse;
      try {
        response = await this.open(target, headers, signal);
      } catch (error) {
        const fault = faultOfError(error);
        // A connection that is cut before the response counts as unreachable.
        return failed(fault.reason === 'truncated' ? { ...fault, reason: 'source_unreachable' } : fault);
      }
      if (!REDIRECTS.has(response.status)) return { kind: 'answered', response, path: target.url.pathname };
      response.body.destroy();
      const { location } = response.headers;
      if (location === undefined) return failed({ reason: 'source_error', detail: `HTTP ${response.status}` });
      next = location;
      base = target.url;
    }
    return failed({ reason: 'too_many_redirects' });
  }
}

function failed(fault: SourceFault): Followed {
  return { kind: 'failed', fault };
}

/** Stops waiting when the signal is aborted. The work continues: the system's resolver cannot be interrupted. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | 'aborted'> {
  if (signal.aborted) return 'aborted';
  let onAbort = (): void => undefined;
  const aborted = new Promise<'aborted'>((resolve) => {
    onAbort = () => resolve('aborted');
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
