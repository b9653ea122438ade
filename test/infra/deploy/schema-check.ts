import { resolve } from 'node:path';
import ts from 'typescript';
import type { Manifest } from './manifests.js';

/** Where the model of a kind is, by its API group. */
function moduleOf({ apiVersion, kind }: Manifest): string {
  const isKeda = apiVersion.startsWith('keda.sh/');
  return `${isKeda ? '@kubernetes-models/keda' : 'kubernetes-models'}/${apiVersion}/${kind}`;
}

type ModelModule = Readonly<Record<string, new (data: object) => { validate(): void }>>;

/** Values that Kubernetes' own OpenAPI schemas reject: wrong types and formats, missing fields. Empty if there are none. */
export async function schemaFaults(manifests: readonly Manifest[]): Promise<string[]> {
  const faults = await Promise.all(
    manifests.map(async (manifest) => {
      const models = (await import(moduleOf(manifest))) as ModelModule;
      const Model = models[manifest.kind];
      if (Model === undefined) return [`no model of ${manifest.apiVersion} ${manifest.kind}`];
      try {
        new Model(manifest).validate();
        return [];
      } catch (error) {
        return [`${manifest.kind} ${manifest.metadata.name}: ${(error as Error).message}`];
      }
    }),
  );
  return faults.flat();
}

/** Type declarations that earlier calls have parsed. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/**
 * Fields that the API does not have. The API server drops them without an error, so a misspelled `readOnlyRootFilesystem` would
 * have no effect, and the OpenAPI schemas allow them. The compiler does not: each manifest becomes a typed object literal.
 */
export function unknownFields(manifests: readonly Manifest[]): string[] {
  const file = resolve('test/infra/deploy/generated-manifests.ts');
  const source = manifests
    .map((manifest, index) => {
      const type = `import(${JSON.stringify(moduleOf(manifest))}).I${manifest.kind}`;
      return `export const m${index}: ${type} = ${JSON.stringify(manifest)};`;
    })
    .join('\n');
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const onDisk = { ...host };
  host.fileExists = (name) => name === file || onDisk.fileExists(name);
  host.getSourceFile = (name, ...rest) => {
    if (name === file) return ts.createSourceFile(name, source, ts.ScriptTarget.ES2023);
    if (!parsed.has(name)) parsed.set(name, onDisk.getSourceFile(name, ...rest));
    return parsed.get(name);
  };
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
