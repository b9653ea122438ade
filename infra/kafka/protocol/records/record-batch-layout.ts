/** Positions of the fields in a record batch (magic 2). Source: "Message Format" in the Apache Kafka documentation. */
export const LENGTH_AT = 8;
export const LEADER_EPOCH_AT = 12;
export const MAGIC_AT = 16;
export const CRC_AT = 17;
/** The checksum covers everything from here on. */
export const ATTRIBUTES_AT = 21;
export const LAST_DELTA_AT = 23;
export const FIRST_TIMESTAMP_AT = 27;
export const MAX_TIMESTAMP_AT = 35;
export const PRODUCER_ID_AT = 43;
export const PRODUCER_EPOCH_AT = 51;
export const FIRST_SEQUENCE_AT = 53;
export const COUNT_AT = 57;
export const RECORDS_AT = 61;

/** Bytes up to the end of the length field, which does not count them. */
export const BEFORE_LENGTH = 12;
export const MAGIC = 2;

/** Bits of the attributes field. */
export const COMPRESSION = 0x07;
export const LOG_APPEND_TIME = 0x08;
export const TRANSACTIONAL = 0x10;
export const CONTROL = 0x20;
