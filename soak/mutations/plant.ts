import ts from 'typescript';
import type { Edit, Mutation } from './mutation.js';

type Range = { readonly from: number; readonly to: number };

/**
 * Plants a bug in a source text. Places are found by the name of their function, so most changes to the source leave a mutation valid.
 *
 * @throws Error when an edit does not apply at exactly one place: rewrite the mutation.
 */
export function plant(source: string, { name, file, edits }: Mutation): string {
  return edits.reduce((text, edit) => {
    const { from, to } = placeOf(edit, text, `mutation "${name}" in ${file}, ${edit.in}`);
    const replacement = edit.replace.replaceAll('$&', () => text.slice(from, to));
    return text.slice(0, from) + replacement + text.slice(to);
  }, source);
}

function placeOf(edit: Edit, text: string, what: string): Range {
  const parsed = ts.createSourceFile('source.ts', text, ts.ScriptTarget.ES2023, true);
  const target = only(functionsNamed(parsed, edit.in), `${what}: functions with this name`);
  const range = { from: target.getStart(parsed), to: target.end };
  if ('statement' in edit) return statementWith(edit.statement, target, parsed, what);
  return only(occurrences(edit.token, text, range), `${what}: "${edit.token}"`);
}

function functionsNamed(parsed: ts.SourceFile, name: string): ts.Node[] {
  const found: ts.Node[] = [];
  const visit = (node: ts.Node, className: string): void => {
    if (ts.isClassDeclaration(node)) className = `${node.name?.text ?? ''}.`;
    const isFunction = ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isGetAccessor(node);
    const isNamed = isFunction || ts.isPropertyDeclaration(node);
    // Found with its head, because a mutation may change the parameters.
    if (isNamed && node.name !== undefined && className + node.name.getText(parsed) === name) found.push(node);
    ts.forEachChild(node, (child) => visit(child, className));
  };
  visit(parsed, '');
  return found;
}

function statementWith(fragment: string, target: ts.Node, parsed: ts.SourceFile, what: string): Range {
  const found: ts.Node[] = [];
  const visit = (node: ts.Node): boolean => {
    if (!node.getText(parsed).includes(fragment)) return false;
    const inner: boolean[] = [];
    ts.forEachChild(node, (child) => void inner.push(visit(child)));
    if (inner.includes(true)) return true;
    if (!ts.isStatement(node) || ts.isBlock(node)) return false;
    found.push(node);
    return true;
  };
  visit(target);
  const node = only(found, `${what}: statements with "${fragment}"`);
  return { from: node.getStart(parsed), to: node.end };
}

function occurrences(token: string, text: string, { from, to }: Range): Range[] {
  const found: Range[] = [];
  for (let at = text.indexOf(token, from); at >= 0 && at + token.length <= to; at = text.indexOf(token, at + 1)) {
    found.push({ from: at, to: at + token.length });
  }
  return found;
}

function only<T>(found: readonly T[], what: string): T {
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`${what}: found ${found.length}, must be 1`);
  return first;
}
