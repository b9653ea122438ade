/** A JSON Schema (draft-07) as plain data. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/**
 * Bundles a schema and the files that it refers to (`{"$ref": "name.schema.json"}`) into one self-contained schema, with each file
 * under `definitions`. A registry stores one document for each subject, and its clients cannot read our files.
 *
 * @throws Error if a file that is referred to is not in `files`.
 */
export function bundle(name: string, files: ReadonlyMap<string, JsonSchema>): JsonSchema {
  const definitions: Record<string, unknown> = {};
  const inline = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inline);
    if (typeof value !== 'object' || value === null) return value;
    const node = value as Record<string, unknown>;
    const ref = node['$ref'];
    if (typeof ref === 'string' && ref.endsWith('.schema.json')) {
      const target = ref.slice(0, -'.schema.json'.length);
      definitions[target] ??= withoutDialect(inline(load(target, files)));
      return { $ref: `#/definitions/${target}` };
    }
    return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, inline(child)]));
  };
  const root = inline(load(name, files)) as JsonSchema;
  return Object.keys(definitions).length === 0 ? root : { ...root, definitions };
}

function load(name: string, files: ReadonlyMap<string, JsonSchema>): JsonSchema {
  const schema = files.get(name);
  if (schema === undefined) throw new Error(`schemas/${name}.schema.json is referred to but does not exist`);
  return schema;
}

function withoutDialect(schema: unknown): unknown {
  const { $schema: _dialect, ...rest } = schema as Record<string, unknown>;
  return rest;
}
