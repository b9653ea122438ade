/** Figures of a rescue since its process started; the last three are present values. */
export type RescueState = {
  /** Recordings that it began to fetch. */
  readonly started: number;
  /** Recordings that are in the object store and reported. */
  readonly saved: number;
  /** Recordings that it could not fetch or store in time. */
  readonly failed: number;
  /** Recordings that are not downloaded yet. */
  readonly pending: number;
  /** Those of them whose links expire soon. */
  readonly atRisk: number;
  /** Bytes on disk and not in the object store. */
  readonly spilledBytes: number;
};

/** From the rescue to the ingress that started it. */
export type RescueMessage =
  | { readonly kind: 'state'; readonly state: RescueState }
  /** Asks to make an event durable, as if it had been received. Answered by a {@link ReportAnswer} with the same id. */
  | {
      readonly kind: 'report';
      readonly id: number;
      readonly key: string;
      readonly body: string;
      readonly headers: Readonly<Record<string, string>>;
    };

/** From the ingress to the rescue. `refused`: not durable; send the event again later. */
export type ReportAnswer =
  | { readonly kind: 'stored'; readonly id: number }
  | { readonly kind: 'refused'; readonly id: number; readonly reason: string };
