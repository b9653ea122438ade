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
