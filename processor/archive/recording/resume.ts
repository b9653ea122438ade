/** What a later attempt needs to continue a download that was cut. */
export type ResumePoint = {
  /** For If-Range: the source sends the rest only if the recording is unchanged. */
  readonly validator: string;
  readonly totalBytes: number | undefined;
};
