/** Attributes of an element. Numbers are rounded to a tenth of a pixel. */
type Attributes = Readonly<Record<string, string | number>>;

/** An SVG element; attributes and text are escaped. @param content text, or elements made by this function. */
export function element(name: string, attributes: Attributes, content: string | readonly string[] = []): string {
  const written = Object.entries(attributes)
    .map(
      ([key, value]) => ` ${key}="${escaped(typeof value === 'number' ? String(Math.round(value * 10) / 10) : value)}"`,
    )
    .join('');
  const inner = typeof content === 'string' ? escaped(content) : content.join('');
  return inner === '' ? `<${name}${written}/>` : `<${name}${written}>${inner}</${name}>`;
}

/** Readable on light and dark pages: the picture has no background and follows the reader's colour scheme. */
const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328; }
  .title { font-size: 15px; font-weight: 600; }
  .note { font-size: 12px; fill: #59636e; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .ours { fill: #0969da; } .theirs { fill: #8c959f; }
  .spread { stroke: #1f2328; stroke-width: 1.5; }
  .line { fill: none; stroke: #0969da; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; } .note { fill: #9198a1; }
    .grid { stroke: #3d444d; } .spread { stroke: #f0f6fc; }
    .ours { fill: #4493f8; } .theirs { fill: #656c76; } .line { stroke: #4493f8; }
  }
`;

/** A complete picture. @param title read aloud by screen readers. */
export function picture(width: number, height: number, title: string, elements: readonly string[]): string {
  const size = { width, height, viewBox: `0 0 ${width} ${height}` };
  return `${element('svg', { xmlns: 'http://www.w3.org/2000/svg', ...size, role: 'img' }, [
    element('title', {}, title),
    `<style>${STYLE}</style>`,
    ...elements,
  ])}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
