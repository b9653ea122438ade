import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { schemas } from './generated/schemas.js';
import type {
  CallEnded,
  RecordingArchived,
  RecordingFailed,
  RecordingReady,
  SessionEnded,
  SessionFinalized,
} from './generated/types.js';

/** The sender's events by the value of their `event` field. */
export type SenderEvents = {
  'session.ended': SessionEnded;
  'call.ended': CallEnded;
  'session.finalized': SessionFinalized;
  'recording.ready': RecordingReady;
};
export type SenderEvent = SenderEvents[keyof SenderEvents];

/** The archiver's events by the value of their `event` field. */
export type ArchiverEvents = {
  'recording.archived': RecordingArchived;
  'recording.failed': RecordingFailed;
};

export type SessionEvents = SenderEvents & ArchiverEvents;
export type SessionEventValue = SessionEvents[keyof SessionEvents];

/** A violation of a schema: a JSON Pointer (RFC 6901) to the location, and what is wrong there. Never contains a value of the payload. */
export type SchemaFault = { readonly path: string; readonly message: string };

export type EventVerdict<E> =
  { readonly kind: 'valid'; readonly event: E } | { readonly kind: 'invalid'; readonly faults: readonly SchemaFault[] };

type Validators = ReadonlyMap<string, ValidateFunction>;

/** Ajv with draft-07 semantics. Reports all errors, so that a sender's developer sees every fault at once. */
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });

const senderValidators: { readonly [T in keyof SenderEvents]: ValidateFunction<SenderEvents[T]> } = {
  'session.ended': ajv.compile(schemas['session-ended']),
  'call.ended': ajv.compile(schemas['call-ended']),
  'session.finalized': ajv.compile(schemas['session-finalized']),
  'recording.ready': ajv.compile(schemas['recording-ready']),
};

const archiverValidators: { readonly [T in keyof ArchiverEvents]: ValidateFunction<ArchiverEvents[T]> } = {
  'recording.archived': ajv.compile(schemas['recording-archived']),
  'recording.failed': ajv.compile(schemas['recording-failed']),
};

const ofSender: Validators = new Map(Object.entries(senderValidators));
const ofSession: Validators = new Map([...ofSender, ...Object.entries(archiverValidators)]);

export const SENDER_EVENTS = Object.keys(senderValidators) as readonly (keyof SenderEvents)[];

/** Validates a parsed body as one of the sender's four events. */
export function validateSenderEvent(body: unknown): EventVerdict<SenderEvent> {
  return validate<SenderEvent>(body, ofSender);
}

/** Validates a parsed value of `session.events`: an event of the sender or the archiver. */
export function validateSessionEvent(value: unknown): EventVerdict<SessionEventValue> {
  return validate<SessionEventValue>(value, ofSession);
}

function validate<E extends SessionEventValue>(value: unknown, validators: Validators): EventVerdict<E> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { kind: 'invalid', faults: [{ path: '', message: 'must be an object' }] };
  }
  const event = 'event' in value ? value.event : undefined;
  const validator = typeof event === 'string' ? validators.get(event) : undefined;
  if (validator === undefined) {
    return {
      kind: 'invalid',
      faults: [{ path: '/event', message: `must be one of ${[...validators.keys()].join(', ')}` }],
    };
  }
  const fitsSchema = validator(value);
  const idFault = sessionIdFault(value);
  if (fitsSchema && idFault === undefined) return { kind: 'valid', event: value as E };
  const faults = fitsSchema ? [] : describeFaults(validator.errors ?? []);
  return { kind: 'invalid', faults: idFault === undefined ? faults : [...faults, idFault] };
}

/** The one rule about session ids that a portable pattern cannot say. UTF-8, which the key of a record is in, has no half of a pair. */
function sessionIdFault(value: object): SchemaFault | undefined {
  const isCut = 'sessionId' in value && typeof value.sessionId === 'string' && !value.sessionId.isWellFormed();
  return isCut ? { path: '/sessionId', message: 'must not contain half a surrogate pair' } : undefined;
}

function describeFaults(errors: readonly ErrorObject[]): SchemaFault[] {
  const faults = new Map<string, SchemaFault>();
  for (const error of errors) {
    // `if` only repeats that `then` or `else` failed, which is an error of its own.
    if (error.keyword === 'if') continue;
    const fault = describeFault(error);
    faults.set(`${fault.path} ${fault.message}`, fault);
  }
  return [...faults.values()];
}

function describeFault(error: ErrorObject): SchemaFault {
  const path = error.instancePath;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required':
      return { path: `${path}/${pointerToken(String(params['missingProperty']))}`, message: 'is required' };
    // Where null is allowed, it counts as absent.
    case 'type':
      return {
        path,
        message: `must be ${[params['type']]
          .flat()
          .filter((type) => type !== 'null')
          .join(' or ')}`,
      };
    case 'const': {
      const { allowedValue } = params;
      return { path, message: allowedValue === null ? 'must be absent' : `must be ${JSON.stringify(allowedValue)}` };
    }
    default:
      return { path, message: error.message ?? `violates the rule "${error.keyword}"` };
  }
}

function pointerToken(property: string): string {
  return property.replaceAll('~', '~0').replaceAll('/', '~1');
}

const documentedStatuses: ReadonlySet<string> = new Set(schemas['call-ended'].properties.callStatus.examples);

/** Whether the vendor documents this `callStatus`. Others are accepted and counted. */
export function isDocumentedCallStatus(status: string): boolean {
  return documentedStatuses.has(status);
}
