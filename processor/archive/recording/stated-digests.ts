import type { IncomingHttpHeaders } from 'node:http';

/** A hash that the source states for the recording; `hex` is lower-case. */
export type StatedDigest = { readonly algorithm: 'sha256' | 'md5'; readonly hex: string };

const BYTES = { sha256: 32, md5: 16 } as const;

/**
 * The hashes in the head of a response that holds the whole recording, unencoded. Omits headers that it does not understand, weaker
 * checksums (CRC), and checksums of multipart uploads, which do not cover the bytes directly.
 *
 * Reads Content-MD5 (RFC 1864), Digest (RFC 3230), Content-Digest and Repr-Digest (RFC 9530), and the headers of S3 and Google.
 */
export function statedDigests(headers: IncomingHttpHeaders): StatedDigest[] {
  const value = (name: string): string => [headers[name] ?? []].flat().join(',');
  // Google's hash covers the stored bytes: it does not fit a body that was stored compressed and is served decompressed.
  const unpacked = !['', 'identity'].includes(value('x-goog-stored-content-encoding'));
  return [
    ...digest('md5', value('content-md5')),
    ...digest('sha256', value('x-amz-checksum-sha256')),
    ...['digest', 'content-digest', 'repr-digest', ...(unpacked ? [] : ['x-goog-hash'])].flatMap((name) =>
      listed(value(name)),
    ),
  ];
}

/** Parses `sha-256=<base64>`, or `sha-256=:<base64>:` of the newer headers. */
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
