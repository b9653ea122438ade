import type { SessionState } from './state.js';

/** Version of the state's form in the changelog. A change that old states do not fit needs a new number and a way to read the old. */
const VERSION = 1;

/** The changelog holds states of a newer version: an older program must not touch them. Run the newer version again. */
export class UnknownStateVersionError extends Error {
  override readonly name = 'UnknownStateVersionError';
}

export function encodeState(state: SessionState): Buffer {
  return Buffer.from(JSON.stringify([VERSION, state]));
}

/** @throws UnknownStateVersionError when a newer program wrote it. */
export function decodeState(value: Buffer): SessionState {
  const [version, state] = JSON.parse(value.toString()) as [number, SessionState];
  if (version !== VERSION)
    throw new UnknownStateVersionError(`changelog state of version ${version}; this program knows ${VERSION}`);
  return state;
}
