import { TransactionFailedError } from '../../infra/kafka/transaction/errors.js';

/** The error of a call whose request or answer is lost at this point; `undefined` where nothing can be lost. */
export function lostRequest(point: string): Error | undefined {
  switch (point) {
    case 'fence':
    case 'answer to the fence':
    case 'produce':
    case 'offsets':
    case 'end of transaction':
    case 'answer to the commit':
      return new TransactionFailedError(`lost: ${point}`);
    case 'restore':
    case 'committed offset':
    case 'answer to the committed offset':
    case 'end offsets':
    case 'answer to the end offsets':
    case 'fetch':
    case 'connect':
    case 'join the group':
      return new Error(`lost: ${point}`);
    default:
      return undefined;
  }
}
