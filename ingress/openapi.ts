import { schemas } from '../schemas/generated/schemas.js';
import { SENDER_EVENTS } from '../schemas/validators.js';

/** Settings that the description depends on. */
export type OpenApiOptions = {
  readonly authHeader: string;
  readonly isOpenToAnyone: boolean;
  readonly maxBodyBytes: number;
};

/** OpenAPI 3.1 description of the ingress, made of the same schemas that judge the events. */
export function openApiDocument({ authHeader, isOpenToAnyone, maxBodyBytes }: OpenApiOptions): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Pathors webhook ingress',
      version: '1',
      description: 'Takes the lifecycle events of Pathors sessions and answers once they are stored durably.',
    },
    servers: [{ url: '/' }],
    paths: {
      '/v1/webhooks/pathors': {
        post: {
          operationId: 'receivePathorsEvent',
          summary: 'Deliver one event',
          security: isOpenToAnyone ? [] : [{ token: [] }],
          requestBody: {
            required: true,
            description: `At most ${maxBodyBytes} bytes. Fields that the schema does not know are kept.`,
            content: { 'application/json': { schema: { $ref: '#/components/schemas/PathorsEvent' } } },
          },
          responses: {
            202: jsonResponse('Valid, and stored durably', 'Accepted'),
            400: problemResponse(
              'Not JSON or not UTF-8 (kept as a dead letter), or the end of the body is in doubt (not kept)',
            ),
            401: problemResponse('Token missing or wrong; nothing is kept', { 'WWW-Authenticate': TEXT }),
            408: problemResponse('The body did not arrive in time; nothing is kept'),
            413: problemResponse('The body is too large; nothing is kept'),
            422: problemResponse('JSON, but no valid event; kept as a dead letter'),
            503: problemResponse('Could not be stored durably; send it again', { 'Retry-After': TEXT }),
            default: problemResponse('Any other refusal'),
          },
        },
      },
      '/healthz': status('isAlive', 'Whether the process lives', { 200: jsonResponse('It does', 'Status') }),
      '/readyz': status('isReady', 'Whether an event can be stored durably now', {
        200: jsonResponse('It can', 'Status'),
        503: jsonResponse('It cannot; the reason says why', 'Status'),
      }),
      '/metrics': status('metrics', 'Metrics for Prometheus', {
        200: { description: 'Prometheus text format', content: { 'text/plain': { schema: TEXT_SCHEMA } } },
      }),
      '/openapi.json': status('openApi', 'This document', {
        200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } },
      }),
    },
    components: {
      securitySchemes: {
        token:
          authHeader === 'authorization'
            ? { type: 'http', scheme: 'bearer' }
            : { type: 'apiKey', in: 'header', name: authHeader },
      },
      schemas: {
        PathorsEvent: {
          oneOf: SENDER_EVENTS.map((event) => ({ $ref: `#/components/schemas/${event}` })),
          discriminator: {
            propertyName: 'event',
            mapping: Object.fromEntries(SENDER_EVENTS.map((event) => [event, `#/components/schemas/${event}`])),
          },
        },
        ...Object.fromEntries(SENDER_EVENTS.map((event) => [event, inOpenApi(schemas[schemaName(event)])])),
        Accepted: objectOf({ status: { const: 'accepted' }, stored: { enum: ['kafka', 'spool'] } }),
        Status: { type: 'object', required: ['status'], properties: { status: TEXT_SCHEMA, reason: TEXT_SCHEMA } },
        Problem: PROBLEM,
      },
    },
  };
}

const TEXT_SCHEMA = { type: 'string' };
const TEXT = { schema: TEXT_SCHEMA };

const PROBLEM = {
  description: 'Problem details (RFC 9457)',
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: TEXT_SCHEMA,
    status: { type: 'integer' },
    detail: TEXT_SCHEMA,
    errors: {
      description: 'Every fault of the body; path is a JSON Pointer (RFC 6901)',
      type: 'array',
      items: objectOf({ path: TEXT_SCHEMA, message: TEXT_SCHEMA }),
    },
  },
};

function objectOf(properties: Readonly<Record<string, object>>) {
  return { type: 'object', required: Object.keys(properties), properties };
}

function jsonResponse(description: string, schema: string) {
  return { description, content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } } };
}

function problemResponse(description: string, headers?: object) {
  return {
    description,
    ...(headers && { headers }),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}

function status(operationId: string, summary: string, responses: object) {
  return { get: { operationId, summary, security: [], responses } };
}

function schemaName(event: (typeof SENDER_EVENTS)[number]) {
  return event.replace('.', '-') as 'session-ended' | 'call-ended' | 'session-finalized' | 'recording-ready';
}

/**
 * OpenAPI 3.1 speaks JSON Schema 2020-12, which split draft-07's `dependencies` in two. Halves of surrogate pairs, which UTF-8 cannot
 * carry anyhow, go out of the patterns, as tools in other languages cannot read them there.
 */
function inOpenApi(schema: Readonly<Record<string, unknown>>): object {
  const { $schema: _dialect, dependencies, ...rest } = schema;
  const text = JSON.stringify({ ...rest, ...(dependencies !== undefined && { dependentRequired: dependencies }) });
  return JSON.parse(text.replaceAll('\\\\ud800-\\\\udfff', '')) as object;
}
