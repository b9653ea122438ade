/** Lines around what is generated in a document; all else in it is written by hand. */
const begin = (name: string): string => `<!-- bench: ${name}, written by npm run bench -->`;
const end = (name: string): string => `<!-- end of bench: ${name} -->`;

/**
 * A document with another text between the marks of that name.
 * @throws Error when the marks are not there, once each and in order: then the document is as it was.
 */
export function replaceRegion(document: string, name: string, text: string): string {
  const [from, to] = [begin(name), end(name)];
  const [head, ...behind] = document.split(from);
  const [, ...tails] = behind.join(from).split(to);
  const [tail] = tails;
  if (head === undefined || behind.length !== 1 || tails.length !== 1 || tail === undefined) {
    throw new Error(`the document must have each of the lines "${from}" and "${to}" once, in this order`);
  }
  return `${head}${from}\n\n${text.trim()}\n\n${to}${tail}`;
}
