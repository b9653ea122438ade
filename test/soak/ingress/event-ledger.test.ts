import { describe, expect, it } from 'vitest';
import { EventLedger, type Tally } from '../../../soak/ingress/event-ledger.js';
import { NumberedEvents } from '../../../soak/ingress/numbered-events.js';

function sent(acknowledged: number, unanswered = 0): { ledger: EventLedger; tally: Tally } {
  const ledger = new EventLedger();
  const tally = ledger.beginPhase();
  for (let event = 0; event < acknowledged + unanswered; event += 1) {
    ledger.sent(event);
    ledger.answered(event, event < acknowledged ? 'kafka' : 'none');
  }
  return { ledger, tally };
}

function afterReading(arrivals: readonly (number | undefined)[], { ledger, tally }: ReturnType<typeof sent>): Tally {
  for (const event of arrivals) ledger.arrived(event);
  ledger.close();
  return tally;
}

describe('the event ledger detects', () => {
  it('an acknowledged event that is missing', () => {
    expect(afterReading([0, 2], sent(3))).toMatchObject({ sent: 3, kafka: 3, missing: 1, outOfOrder: 0 });
  });

  it('an event behind a newer one of its session, ignoring other sessions and duplicates', () => {
    expect(afterReading([1, 0, 2], sent(3))).toMatchObject({ outOfOrder: 1, duplicates: 0 });
    expect(afterReading([64, 0, 65, 1, 0, 64], sent(66))).toMatchObject({ outOfOrder: 0, duplicates: 2 });
  });

  it('an event that was not acknowledged, which may be in the topic or not', () => {
    expect(afterReading([2, 0], sent(1, 2))).toMatchObject({
      missing: 0,
      outOfOrder: 0,
      arrivedUnanswered: 1,
      none: 2,
    });
  });

  it('a record whose key or bytes differ', () => {
    const events = new NumberedEvents('/', 'token');
    const request = events.request(64 + 5);
    const json = Buffer.from(request.subarray(request.indexOf('\r\n\r\n') + 4));
    expect(events.eventOf('soak-000000001', json)).toBe(69);
    expect(events.eventOf('soak-000000002', json)).toBeUndefined();
    expect(events.eventOf('soak-000000001', Buffer.from(json.toString().replace('1.50', '1.5')))).toBeUndefined();
    const one = sent(1);
    afterReading([undefined, 7], one);
    expect(one.ledger.unknownRecords).toBe(2);
  });
});
