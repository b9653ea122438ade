const LARGEST = 0x7fff_ffff;

/** The sequence number so many records on: behind the largest comes 0. Source: `DefaultRecordBatch.incrementSequence` of Apache Kafka. */
export function addToSequence(sequence: number, records: number): number {
  return sequence > LARGEST - records ? records - (LARGEST - sequence) - 1 : sequence + records;
}
