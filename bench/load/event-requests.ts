/** The vendor's documented example with a session id of fixed width. Requests differ only in its digits, so none has to be encoded. */
const EVENT =
  '{"event":"session.ended","sessionId":"SESSION-000000000","timestamp":"2026-05-03T08:42:11.512Z","currentNodeId":"ask_intention",' +
  '"messagesCount":8,"extractedVariables":{"name":"Nancy","intention":"book a demo"},"reason":"session_ended"}';
const DIGITS = '000000000';

/** Complete HTTP requests, one for each event. */
export class EventRequests {
  private readonly template: Buffer;
  private readonly digitsAt: number;
  private count = 0;

  /**
   * @param run eight characters that make the session ids of this run unique.
   * @param bodyBytes size to which bodies are padded with a variable; the example itself has about 300.
   */
  constructor(path: string, token: string, run: string, bodyBytes = 0) {
    const body = padded(EVENT.replace('SESSION', run), bodyBytes);
    const head = [
      `POST ${path} HTTP/1.1`,
      'Host: 127.0.0.1',
      `Authorization: Bearer ${token}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    this.template = Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
    this.digitsAt = this.template.indexOf(`${run}-${DIGITS}`) + run.length + 1;
  }

  next(): Buffer {
    const request = Buffer.from(this.template);
    request.write(String(this.count++).padStart(DIGITS.length, '0'), this.digitsAt, 'latin1');
    return request;
  }
}

function padded(body: string, bytes: number): string {
  const field = ',"transcript":""';
  const missing = bytes - body.length - field.length;
  return missing < 0
    ? body
    : body.replace('"book a demo"', `"book a demo"${field.replace('""', `"${'a'.repeat(missing)}"`)}`);
}
