/** The vendor's documented example, with a session id of fixed width that counts up: requests differ in it alone, and cost no encoding. */
const EVENT =
  '{"event":"session.ended","sessionId":"SESSION-000000000","timestamp":"2026-05-03T08:42:11.512Z","currentNodeId":"ask_intention",' +
  '"messagesCount":8,"extractedVariables":{"name":"Nancy","intention":"book a demo"},"reason":"session_ended"}';
const DIGITS = '000000000';

/** Whole requests, one for each event. */
export class EventRequests {
  private readonly template: Buffer;
  private readonly digitsAt: number;
  private count = 0;

  /**
   * @param run eight characters that make the session ids of this run its own.
   * @param bodyBytes of a body that is filled up with a variable of that length; the example itself has about 300.
   */
  constructor(path: string, token: string, run: string, bodyBytes = 0) {
    const body = filledUp(EVENT.replace('SESSION', run), bodyBytes);
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

function filledUp(body: string, bytes: number): string {
  const field = ',"transcript":""';
  const missing = bytes - body.length - field.length;
  return missing < 0
    ? body
    : body.replace('"book a demo"', `"book a demo"${field.replace('""', `"${'a'.repeat(missing)}"`)}`);
}
