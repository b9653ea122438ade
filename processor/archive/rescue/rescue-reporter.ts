import type { Clock } from '../../../infra/async/clock.js';
import { withTimeout } from '../../../infra/async/timeout.js';
import type { ReportAnswer, RescueMessage } from '../../../infra/spool/rescue-messages.js';
import { HEADER_BYTES } from '../../../schemas/wire-format.js';
import type { OutcomeSender } from '../pipeline/outcome-sender.js';
import type { OutcomeRecord } from '../recording/outcome-record.js';

/** The connection to the ingress that started this process; without one, nothing can be reported. */
export type IngressChannel = {
  readonly send: (message: RescueMessage) => void;
  readonly onAnswer: (listener: (answer: ReportAnswer) => void) => void;
};

type Waiting = { readonly stored: () => void; readonly refused: (error: Error) => void };

const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Reports rescued recordings. `recording.archived` goes through the ingress like a received event: into the spool while Kafka is down,
 * so the report survives and arrives together with the announcement. Failures are not reported: the archive has the last word on them.
 */
export class RescueReporter implements OutcomeSender {
  saved = 0;
  failed = 0;
  private lastId = 0;
  private readonly waiting = new Map<number, Waiting>();

  /** @param channel undefined if no ingress started this process: the archive will find the objects. */
  constructor(
    private readonly channel: IngressChannel | undefined,
    private readonly clock: Clock,
  ) {
    channel?.onAnswer((answer) => this.receive(answer));
  }

  async send({ key, value, headers }: OutcomeRecord): Promise<void> {
    if (headers['ce_type'] !== 'recording.archived') {
      this.failed += 1;
      return;
    }
    if (this.channel !== undefined) await this.report(this.channel, key, value.toString('utf8', HEADER_BYTES), headers);
    this.saved += 1;
  }

  private async report(
    channel: IngressChannel,
    key: string,
    body: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<void> {
    const id = ++this.lastId;
    const stored = new Promise<void>((resolve, reject) => {
      this.waiting.set(id, { stored: resolve, refused: reject });
    });
    try {
      channel.send({ kind: 'report', id, key, body, headers });
      await withTimeout(stored, ANSWER_TIMEOUT_MS, 'reporting a rescued recording to the ingress', this.clock);
    } finally {
      this.waiting.delete(id);
    }
  }

  private receive(answer: ReportAnswer): void {
    const waiting = this.waiting.get(answer.id);
    switch (answer.kind) {
      case 'stored':
        waiting?.stored();
        return;
      case 'refused':
        waiting?.refused(new Error(`the ingress could not store the report: ${answer.reason}`));
    }
  }
}
