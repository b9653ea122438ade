/** Number of events in a session. */
export const EVENTS_PER_SESSION = 64;

const SESSION_DIGITS = 9;
const NUMBER_DIGITS = 2;
const BODY =
  '{"event":"session.ended","sessionId":"soak-#########","timestamp":"2026-05-03T08:42:11.512Z","currentNodeId":"ask_intention",' +
  '"messagesCount":8,"extractedVariables":{"name":"Nancy \\u00e9 é","number":"##", "n":1.50},"reason":"session_ended"}';

/**
 * Events by number: event `e` has number `e % 64` in session `e / 64`. All have the same length, and the number determines the bytes, so
 * sent events need not be kept. The JSON contains spellings that would not survive parsing and serializing.
 */
export class NumberedEvents {
  private readonly body = Buffer.from(BODY);
  private readonly sessionAt = this.body.indexOf('#########');
  private readonly numberAt = this.body.indexOf('"##"') + 1;
  private readonly head: Buffer;

  constructor(path: string, token: string) {
    const lines = [
      `POST ${path} HTTP/1.1`,
      'Host: 127.0.0.1',
      `Authorization: Bearer ${token}`,
      'Content-Type: application/json',
      `Content-Length: ${this.body.length}`,
    ];
    this.head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  }

  /** The complete request with an event. */
  request(event: number): Buffer {
    return Buffer.concat([this.head, this.write(event)]);
  }

  /** The number of the event with this key and these bytes; `undefined` if any byte differs from the event as sent. */
  eventOf(key: string | null, json: Buffer): number | undefined {
    const session = Number(json.toString('latin1', this.sessionAt, this.sessionAt + SESSION_DIGITS));
    const number = Number(json.toString('latin1', this.numberAt, this.numberAt + NUMBER_DIGITS));
    if (!Number.isSafeInteger(session) || !Number.isSafeInteger(number) || number >= EVENTS_PER_SESSION)
      return undefined;
    const event = session * EVENTS_PER_SESSION + number;
    const isSame = json.equals(this.write(event)) && key === `soak-${String(session).padStart(SESSION_DIGITS, '0')}`;
    return isSame ? event : undefined;
  }

  /** Writes an event into the shared buffer. */
  private write(event: number): Buffer {
    const session = String(Math.floor(event / EVENTS_PER_SESSION)).padStart(SESSION_DIGITS, '0');
    this.body.write(session, this.sessionAt, 'latin1');
    this.body.write(String(event % EVENTS_PER_SESSION).padStart(NUMBER_DIGITS, '0'), this.numberAt, 'latin1');
    return this.body;
  }
}
