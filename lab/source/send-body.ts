import type { ServerResponse } from 'node:http';
import type { Pacer } from './pacer.js';
import type { RecordingBytes } from './recording-bytes.js';

export type BodySpan = {
  /** The first byte to send. */
  readonly start: number;
  /** The first byte not to send; the recording's length to send all. */
  readonly end: number;
};

/**
 * Sends a part of a recording, as fast as the receiver and the pacers allow. The head must have been written; the response stays open.
 *
 * @returns whether all bytes were sent; false if the receiver disconnected.
 */
export async function sendBody(
  response: ServerResponse,
  recording: RecordingBytes,
  { start, end }: BodySpan,
  pacers: readonly Pacer[],
): Promise<boolean> {
  let left = end - start;
  for (const whole of recording.from(start)) {
    if (left <= 0) break;
    const chunk = whole.subarray(0, left);
    left -= chunk.length;
    for (const pacer of pacers) await pacer.pass(chunk.length);
    if (response.destroyed || !(await written(response, chunk))) return false;
  }
  return !response.destroyed;
}

function written(response: ServerResponse, chunk: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const closed = (): void => resolve(false);
    response.once('close', closed);
    response.write(chunk, (error) => {
      response.off('close', closed);
      resolve(error === undefined || error === null);
    });
  });
}
