import type { HeaderSource } from '../server/framing.js';

/** The values of the headers in which proxies name a client, joined with commas; `undefined` if absent. */
export type ForwardedFields = { readonly forwarded: string | undefined; readonly xForwardedFor: string | undefined };

/** Passes the headers of a request on to another reader, and takes from them what that one does not need. */
export class RequestHead implements HeaderSource, ForwardedFields {
  forwarded: string | undefined;
  xForwardedFor: string | undefined;
  /** Size of the header fields, without the request line. Spaces around values are not counted. */
  fieldBytes = 0;

  constructor(private readonly source: HeaderSource) {}

  forEach(visit: (name: string, value: string) => void): void {
    this.source.forEach((name, value) => {
      this.fieldBytes += name.length + value.length + FIELD_FRAMING_BYTES;
      if (name === 'x-forwarded-for') this.xForwardedFor = joined(this.xForwardedFor, value);
      else if (name === 'forwarded') this.forwarded = joined(this.forwarded, value);
      visit(name, value);
    });
  }
}

/** The colon, a space and the line end of a field. */
const FIELD_FRAMING_BYTES = 4;

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before},${value}`;
}
