import { text } from 'node:stream/consumers';
import type { Client } from 'minio';

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * Lists up to `maxKeys` keys that begin with `prefix`, in their order.
 *
 * The listing of minio-js requests percent-encoded keys and decodes all it receives, which corrupts keys that contain a percent sign on stores
 * that do not encode (versitygw). Our keys are ASCII, which XML represents without encoding.
 */
export async function listKeys(client: Client, bucketName: string, prefix: string, maxKeys: number): Promise<string[]> {
  const query = `list-type=2&max-keys=${maxKeys}&prefix=${escape(prefix)}`;
  const xml = await text(await client.makeRequestAsync({ method: 'GET', bucketName, query }));
  return [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => unescapeXml(key));
}

/** Percent-encodes as S3's signature requires: everything except letters, digits and `-_.~`. */
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
