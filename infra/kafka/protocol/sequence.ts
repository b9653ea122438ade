const MAX_SEQUENCE = 0x7fff_ffff;

/** Advances a sequence number by a number of records; 0 follows the largest one. Source: `DefaultRecordBatch.incrementSequence` of Apache Kafka. */
export function addToSequence(sequence: number, records: number): number {
  return sequence > MAX_SEQUENCE - records ? records - (MAX_SEQUENCE - sequence) - 1 : sequence + records;
}
