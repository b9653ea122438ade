import { text } from 'node:stream/consumers';
import type { Client } from 'minio';

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * Keys that begin with `prefix`, `most` at most, in their order.
 *
 * Not by minio-js's own listing: it asks for percent-encoded keys and decodes whatever comes, so that a key with a percent sign in it
 * comes out wrong from stores that do not encode (versitygw). Our keys are ASCII, which XML can carry as it is.
 */
export async function listKeys(client: Client, bucketName: string, prefix: string, most: number): Promise<string[]> {
  const query = `list-type=2&max-keys=${most}&prefix=${escape(prefix)}`;
  const xml = await text(await client.makeRequestAsync({ method: 'GET', bucketName, query }));
  return [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => unescapeXml(key));
}

/** As S3 signs it: all but letters, digits and `-_.~`. */
function escape(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function unescapeXml(value: string): string {
  return value.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return ENTITIES[name ?? ''] ?? whole;
  });
}
