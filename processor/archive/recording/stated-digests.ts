import type { IncomingHttpHeaders } from 'node:http';

/** A hash of the recording as its source states it; `hex` in small letters. */
export type StatedDigest = { readonly algorithm: 'sha256' | 'md5'; readonly hex: string };

const BYTES = { sha256: 32, md5: 16 } as const;

/**
 * The hashes in the head of an answer that holds the whole recording, unencoded. What is not understood is left out, and so are weaker
 * checksums (CRC) and those of parts of an upload: only a hash that can be checked can be wrong.
 *
 * Content-MD5 (RFC 1864), Digest (RFC 3230), Content-Digest and Repr-Digest (RFC 9530), S3's and Google's own headers.
 */
export function statedDigests(headers: IncomingHttpHeaders): StatedDigest[] {
  const value = (name: string): string => [headers[name] ?? []].flat().join(',');
  // What was stored compressed and is served unpacked has the hash of what was stored.
  const unpacked = !['', 'identity'].includes(value('x-goog-stored-content-encoding'));
  return [
    ...digest('md5', value('content-md5')),
    ...digest('sha256', value('x-amz-checksum-sha256')),
    ...['digest', 'content-digest', 'repr-digest', ...(unpacked ? [] : ['x-goog-hash'])].flatMap((name) =>
      listed(value(name)),
    ),
  ];
}

/** `sha-256=<base64>`, or `sha-256=:<base64>:`, as the newer headers have it. */
function listed(list: string): StatedDigest[] {
  return list.split(',').flatMap((entry) => {
    const [, name = '', base64 = ''] = /^\s*(sha-256|md5)=:?([A-Za-z0-9+/]+={0,2}):?\s*$/i.exec(entry) ?? [];
    return digest(name.toLowerCase() === 'md5' ? 'md5' : 'sha256', base64);
  });
}

function digest(algorithm: StatedDigest['algorithm'], base64: string): StatedDigest[] {
  const bytes = Buffer.from(base64, 'base64');
  const isWhole = bytes.length === BYTES[algorithm] && bytes.toString('base64') === base64.trim();
  return isWhole ? [{ algorithm, hex: bytes.toString('hex') }] : [];
}
