import type { JsonSchema } from './bundle.js';

/** Keywords that are left out: registries call almost every change of them incompatible, also one that only accepts more. */
const LEFT_OUT: ReadonlySet<string> = new Set(['pattern', 'dependencies']);
/** Keywords whose value maps names to schemas. The names are not keywords. */
const MAPS_OF_SCHEMAS: ReadonlySet<string> = new Set(['properties', 'definitions']);

/**
 * The form of a schema that goes to the registry: all names, required fields and types, but not the rules that could never be loosened again
 * under BACKWARD compatibility. It accepts all that the schema accepts, and a little more. Our own validators use the whole schema.
 *
 * A field that may be null has any type here, because registries disagree on whether adding null to a type is compatible. Dialects of
 * regular expressions differ as well.
 */
export function registeredForm(schema: JsonSchema): JsonSchema {
  return inForm(schema) as JsonSchema;
}

function inForm(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inForm);
  if (typeof value !== 'object' || value === null) return value;
  if (mayBeNull(value)) return true;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([keyword]) => !LEFT_OUT.has(keyword))
      .map(([keyword, child]) => [keyword, MAPS_OF_SCHEMAS.has(keyword) ? mapOfForms(child as object) : inForm(child)]),
  );
}

function mapOfForms(schemas: object): object {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, inForm(schema)]));
}

function mayBeNull(schema: object): boolean {
  if ('const' in schema) return schema.const === null;
  return 'type' in schema && Array.isArray(schema.type) && schema.type.includes('null');
}
