/** Lines around generated text in a document; everything else in it is written by hand. */
const begin = (name: string): string => `<!-- bench: ${name}, written by npm run bench -->`;
const end = (name: string): string => `<!-- end of bench: ${name} -->`;

/**
 * Replaces the text between the marks of this name.
 * @throws Error when the marks do not occur exactly once each, in order.
 */
export function replaceRegion(document: string, name: string, text: string): string {
  const [from, to] = [begin(name), end(name)];
  const [head, ...rest] = document.split(from);
  const [, ...tails] = rest.join(from).split(to);
  const [tail] = tails;
  if (head === undefined || rest.length !== 1 || tails.length !== 1 || tail === undefined) {
    throw new Error(`the document must have each of the lines "${from}" and "${to}" once, in this order`);
  }
  return `${head}${from}\n\n${text.trim()}\n\n${to}${tail}`;
}
