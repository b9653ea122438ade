import { schemas } from '../schemas/generated/schemas.js';
import { SENDER_EVENTS } from '../schemas/validators.js';

/** Settings that the document depends on. */
export type OpenApiOptions = {
  readonly authHeader: string;
  readonly isOpenToAnyone: boolean;
  readonly maxBodyBytes: number;
};

/** OpenAPI 3.1 document of the ingress, generated from the schemas that validate events. */
export function openApiDocument({ authHeader, isOpenToAnyone, maxBodyBytes }: OpenApiOptions): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Pathors webhook ingress',
      version: '1',
      description: 'Accepts the lifecycle events of Pathors sessions and answers once they are stored durably.',
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
            description: `At most ${maxBodyBytes} bytes. Unknown fields are kept. null in an optional field counts as absent.`,
            content: { 'application/json': { schema: { $ref: '#/components/schemas/PathorsEvent' } } },
          },
          responses: {
            202: jsonResponse('Valid and stored durably', 'Accepted'),
            400: problemResponse('Not JSON or not UTF-8 (kept as a dead letter), or ambiguous framing (not kept)'),
            401: problemResponse('Token missing or wrong; nothing is kept', { 'WWW-Authenticate': TEXT }),
            408: problemResponse('The body did not arrive in time; nothing is kept'),
            413: problemResponse('The body is too large; nothing is kept'),
            431: problemResponse('The request head is too large; nothing is kept'),
            422: problemResponse('JSON but not a valid event; kept as a dead letter'),
            503: problemResponse('Could not be stored durably; send it again', { 'Retry-After': TEXT }),
            default: problemResponse('Any other error'),
          },
        },
      },
      '/healthz': status('isAlive', 'Liveness of the process', { 200: jsonResponse('Alive', 'Status') }),
      '/readyz': status('isReady', 'Whether events can be stored durably', {
        200: jsonResponse('Ready', 'Status'),
        503: jsonResponse('Not ready; see the reason', 'Status'),
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
      description: 'All faults of the body; path is a JSON Pointer (RFC 6901)',
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

/** Converts a schema from draft-07 to JSON Schema 2020-12, which OpenAPI 3.1 uses: `dependencies` on schemas has another name there. */
function inOpenApi(schema: Readonly<Record<string, unknown>>): object {
  const { $schema: _dialect, dependencies, ...rest } = schema;
  return { ...rest, ...(dependencies !== undefined && { dependentSchemas: dependencies }) };
}
