/**
 * The registry cannot be used as it is. Nothing here ends a program: keep working without it, retry with backoff, and show the message,
 * which names the URL or subject and what to change.
 *
 * - `unavailable`: unreachable, too slow, overloaded, or its answer makes no sense. Usually passes by itself.
 * - `rejected`: it answered and refused. Somebody has to change a setting, a permission or a schema.
 */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  constructor(
    readonly kind: 'unavailable' | 'rejected',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The HTTP client under the registry library gives every failure below HTTP (refused, reset, unknown host, TLS, timeout) this status. */
const NO_RESPONSE = 400;

/**
 * The HTTP status of a failed request; `undefined` when there was no response. A genuine 400 is taken for that as well: no request of
 * ours deserves one.
 */
export function statusOf(error: unknown): number | undefined {
  const status = (error as { status?: unknown } | undefined)?.status;
  return typeof status === 'number' && status !== NO_RESPONSE ? status : undefined;
}

/**
 * What a failed request means to an operator.
 *
 * @param doing what was tried: `register the schema of session.complete-value`.
 */
export function explainRegistryError(error: unknown, doing: string, url: string): RegistryError {
  const status = statusOf(error);
  // The library prefixes its name, and the status that it makes up where there was no response.
  const said = (error instanceof Error ? error.message : '').replace(
    /^Confluent_Schema_Registry - (Error, status 400: )?/,
    '',
  );
  if (status === undefined || status === 408 || status === 429 || status >= 500) {
    const problem = status === undefined ? said : `status ${status}`;
    return new RegistryError('unavailable', `schema registry ${url} is unavailable (${problem}): could not ${doing}`, {
      cause: error,
    });
  }
  const advice = ADVICE[status] ?? said;
  return new RegistryError('rejected', `schema registry ${url} refused to ${doing} with status ${status}: ${advice}`, {
    cause: error,
  });
}

/** What to change, by the status of a refusal. */
const ADVICE: Readonly<Record<number, string>> = {
  401: 'check SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD',
  403: 'grant the registry user read access to the subject, and write access or register the schema yourself',
  404: "SCHEMA_REGISTRY_URL does not serve Confluent's API: check its path (Apicurio: /apis/ccompat/v7)",
  405: 'the registry is read-only: register the schema yourself and set SCHEMA_REGISTER=false',
  409: 'the subject holds a schema that ours is not compatible with: run the version that fits it, or use another TOPIC_PREFIX',
  422: 'the registry is read-only for this subject, or its rules reject the schema: register it yourself or change the rules',
};
