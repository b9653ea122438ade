/** A request body to be kept, with the metadata that travels with it. */
export type IncomingRecord = {
  /** `events`: a valid event; `dead-letter`: any other body. */
  readonly stream: 'events' | 'dead-letter';
  /** The session id, if the body contains a readable one. Records with the same key stay in order. */
  readonly key: string | null;
  /** The bytes of the request, unchanged. The receiver may keep a reference. */
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
};

/** A record in the spool. */
export type SpooledRecord = {
  readonly record: IncomingRecord;
  /** Arrival in the spool, in milliseconds since the epoch. */
  readonly spooledAt: number;
};

// stream (1 byte), time (8), length of the head (4), head: JSON [key, headers], body
const FIXED_BYTES = 13;
const STREAMS = ['events', 'dead-letter'] as const;

/** Encodes a record for a segment: the sender's data only, so that it works before any other system has been reached. */
export function encodeRecord({ record, spooledAt }: SpooledRecord): Buffer {
  const head = Buffer.from(JSON.stringify([record.key, record.headers]));
  const bytes = Buffer.allocUnsafe(FIXED_BYTES + head.length + record.body.length);
  bytes.writeUInt8(STREAMS.indexOf(record.stream), 0);
  bytes.writeDoubleLE(spooledAt, 1);
  bytes.writeUInt32LE(head.length, 9);
  head.copy(bytes, FIXED_BYTES);
  record.body.copy(bytes, FIXED_BYTES + head.length);
  return bytes;
}

/** Reverses {@link encodeRecord}; the body is a view of `bytes`. `undefined` if the bytes are not a record. */
export function decodeSpooled(bytes: Buffer): SpooledRecord | undefined {
  if (bytes.length < FIXED_BYTES) return undefined;
  const stream = STREAMS[bytes.readUInt8(0)];
  const bodyAt = FIXED_BYTES + bytes.readUInt32LE(9);
  if (stream === undefined || bodyAt > bytes.length) return undefined;
  try {
    const [key, headers] = JSON.parse(bytes.toString('utf8', FIXED_BYTES, bodyAt)) as [
      string | null,
      Record<string, string>,
    ];
    return { record: { stream, key, headers, body: bytes.subarray(bodyAt) }, spooledAt: bytes.readDoubleLE(1) };
  } catch {
    return undefined;
  }
}
