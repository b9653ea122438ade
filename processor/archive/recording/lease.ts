/** This process's hold on the partition that a recording was announced in, from one assignment to its end. */
export type Lease = {
  /** The partition has another owner now. Recordings that have not started are that owner's work. */
  readonly isRevoked: boolean;
  /** Whether the record may have been in the log before the assignment: then an earlier owner may have archived the recording. */
  isBacklog(offset: number): boolean;
  /** Allows the committed position to pass the offset. */
  settle(offset: number): void;
};
