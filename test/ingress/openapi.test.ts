import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../../ingress/openapi.js';

const OPTIONS = { authHeader: 'authorization', isOpenToAnyone: false, maxBodyBytes: 1_000 };
type Document = {
  paths: Record<string, Record<string, { responses: object; security: unknown[] }>>;
  components: Record<string, object>;
};

const document = openApiDocument(OPTIONS) as Document;

describe('the OpenAPI document', () => {
  it('describes every route and every answer to an event', () => {
    expect(Object.keys(document.paths)).toEqual([
      '/v1/webhooks/pathors',
      '/healthz',
      '/readyz',
      '/metrics',
      '/openapi.json',
    ]);
    const statuses = Object.keys(document.paths['/v1/webhooks/pathors']?.['post']?.responses ?? {});
    expect(statuses).toEqual(['202', '400', '401', '408', '413', '422', '431', '503', 'default']);
  });

  it('contains the target of every reference', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/([^/"]+)\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(5);
    for (const [, section = '', name = ''] of references) expect(document.components[section]).toHaveProperty([name]);
  });

  it('uses the schema dialect of OpenAPI 3.1', () => {
    const text = JSON.stringify(document);
    expect(text).not.toContain('draft-07');
    expect(text).not.toContain('"dependencies"');
    expect(text).toContain('"dependentSchemas"');
  });

  it('describes the authentication', () => {
    expect(document.components['securitySchemes']).toEqual({ token: { type: 'http', scheme: 'bearer' } });
    expect((openApiDocument({ ...OPTIONS, authHeader: 'x-token' }) as Document).components['securitySchemes']).toEqual({
      token: { type: 'apiKey', in: 'header', name: 'x-token' },
    });
    const open = openApiDocument({ ...OPTIONS, isOpenToAnyone: true }) as Document;
    expect(open.paths['/v1/webhooks/pathors']?.['post']?.security).toEqual([]);
  });
});
