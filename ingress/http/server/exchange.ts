import type { Answer } from './answer.js';
import type { HttpResponse } from './uws-loader.js';

/** Bodies that nobody reads are taken off the connection up to this size, so that it can be kept; with larger ones it is closed. */
const MAX_SKIPPED_BYTES = 65_536;

/**
 * One request and its one answer. Whatever comes first counts: an answer, or the end of the connection; all later calls do nothing,
 * as uWebSockets.js forbids any use of a response that is over.
 */
export class Exchange {
  private over = false;
  private closing = false;
  private isLast = false;
  private aborted: (() => void) | undefined;

  constructor(
    private readonly res: HttpResponse,
    private readonly isHead: boolean,
    private readonly isDraining: () => boolean,
    private readonly onOver: () => void,
  ) {
    res.onAborted(() => {
      this.end();
      this.aborted?.();
    });
  }

  /** Calls back when the connection ends before the answer. */
  onAborted(callback: () => void): void {
    this.aborted = callback;
  }

  /** Whatever the answer will be, the connection is closed with it. */
  closeAfter(): void {
    this.isLast = true;
  }

  answer(answer: Answer): void {
    if (this.isLast) this.answerAndClose(answer);
    else if (!this.closing) this.write(answer, this.isDraining());
  }

  /**
   * Answers and closes the connection; nothing that was sent on it after this request is taken for a request.
   *
   * The answer goes out on a later turn: uWebSockets.js, told to close, goes on to the next request of the data that it has at hand,
   * but it drops the whole connection when such a request comes before an answer.
   */
  answerAndClose(answer: Answer): void {
    if (this.closing) return;
    this.closing = true;
    setImmediate(() => this.write(answer, true));
  }

  /** Answers without having read the body. `bodyBytes`: undefined when its size is not known. */
  answerUnread(answer: Answer, bodyBytes: number | undefined): void {
    if (bodyBytes === undefined || bodyBytes > MAX_SKIPPED_BYTES) this.answerAndClose(answer);
    else this.answer(answer);
  }

  private write({ statusLine, contentType, headers, body }: Answer, close: boolean): void {
    if (this.over) return;
    this.res.cork(() => {
      this.res.writeStatus(statusLine);
      this.res.writeHeader('Content-Type', contentType);
      for (const [name, value] of headers) this.res.writeHeader(name, value);
      if (this.isHead) this.endHead(body, close);
      else this.res.end(body, close);
    });
    this.end();
  }

  /**
   * Of the ways that uWebSockets.js has to end without a body, those that take a length leave the response unfinished, and it drops the
   * connection at the next request.
   */
  private endHead(body: string, close: boolean): void {
    if (close) this.res.end('', true);
    else this.res.writeHeader('Content-Length', String(Buffer.byteLength(body))).endWithoutBody();
  }

  private end(): void {
    if (this.over) return;
    this.over = true;
    this.onOver();
  }
}
