import { fileTypeFromBuffer } from 'file-type';

/** The type of a recording: how its object is named and served. */
export type AudioType = { readonly contentType: string; readonly extension: string };

/** Number of bytes at the start of a recording that are inspected for its type. */
export const HEAD_BYTES = 65_536;

/** Audio formats and containers that file-type recognizes from the bytes, by file-type's MIME type. */
const TYPES: Readonly<Record<string, AudioType>> = {
  'audio/wav': { contentType: 'audio/wav', extension: 'wav' },
  'audio/mpeg': { contentType: 'audio/mpeg', extension: 'mp3' },
  'audio/ogg': { contentType: 'audio/ogg', extension: 'ogg' },
  'audio/ogg; codecs=opus': { contentType: 'audio/ogg; codecs=opus', extension: 'ogg' },
  'application/ogg': { contentType: 'audio/ogg', extension: 'ogg' },
  'video/ogg': { contentType: 'video/ogg', extension: 'ogv' },
  'video/webm': { contentType: 'audio/webm', extension: 'webm' },
  'video/matroska': { contentType: 'audio/matroska', extension: 'mka' },
  'audio/mp4': { contentType: 'audio/mp4', extension: 'm4a' },
  'audio/x-m4a': { contentType: 'audio/mp4', extension: 'm4a' },
  'video/mp4': { contentType: 'video/mp4', extension: 'mp4' },
  'video/x-m4v': { contentType: 'video/mp4', extension: 'mp4' },
  'video/quicktime': { contentType: 'video/quicktime', extension: 'mov' },
  'video/3gpp': { contentType: 'audio/3gpp', extension: '3gp' },
  'video/3gpp2': { contentType: 'audio/3gpp2', extension: '3g2' },
  'audio/flac': { contentType: 'audio/flac', extension: 'flac' },
  'audio/aac': { contentType: 'audio/aac', extension: 'aac' },
  'audio/amr': { contentType: 'audio/amr', extension: 'amr' },
  'audio/aiff': { contentType: 'audio/aiff', extension: 'aiff' },
  'audio/x-ms-asf': { contentType: 'audio/x-ms-wma', extension: 'wma' },
  'audio/qcelp': { contentType: 'audio/qcelp', extension: 'qcp' },
  'audio/x-voc': { contentType: 'audio/x-voc', extension: 'voc' },
};

/** Formats that the bytes may not reveal, by the Content-Type of the source. */
const HINTED: Readonly<Record<string, AudioType>> = {
  ...TYPES,
  'audio/x-wav': { contentType: 'audio/wav', extension: 'wav' },
  'audio/wave': { contentType: 'audio/wav', extension: 'wav' },
  'audio/vnd.wave': { contentType: 'audio/wav', extension: 'wav' },
  'audio/mp3': { contentType: 'audio/mpeg', extension: 'mp3' },
  'audio/webm': { contentType: 'audio/webm', extension: 'webm' },
  'audio/opus': { contentType: 'audio/opus', extension: 'opus' },
  'audio/basic': { contentType: 'audio/basic', extension: 'au' },
  'audio/l16': { contentType: 'audio/l16', extension: 'pcm' },
};

const UNKNOWN: AudioType = { contentType: 'application/octet-stream', extension: 'bin' };

/**
 * Identifies a recording's type from its first bytes. Where they are inconclusive, uses the source's Content-Type, then the extension
 * of the link's path.
 *
 * @param head the first {@link HEAD_BYTES}, or fewer if the recording is shorter; not empty.
 * @returns `undefined` if it is not audio: text of any kind (an error page), or a file of another type.
 */
export async function identifyAudio(
  head: Buffer,
  header: string | undefined,
  path: string,
): Promise<AudioType | undefined> {
  const found = await fileTypeFromBuffer(head).catch(() => undefined);
  if (found !== undefined) return TYPES[found.mime] ?? (found.mime.startsWith('audio/') ? asIs(found) : undefined);
  if (isText(head)) return undefined;
  const mime = header?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const extension = /\.([a-z0-9]{2,4})$/i.exec(path)?.[1]?.toLowerCase();
  return HINTED[mime] ?? Object.values(HINTED).find((type) => type.extension === extension) ?? UNKNOWN;
}

function asIs({ mime, ext }: { readonly mime: string; readonly ext: string }): AudioType {
  return { contentType: mime, extension: ext };
}

/** Whether it is text, such as an error page: UTF-8 without control characters. Audio of more than a few bytes never is. */
function isText(head: Buffer): boolean {
  // The cut may have split the last character.
  const text = head.subarray(0, 4_096).toString('utf8').replace(/�$/, '');
  return !/[\u0000-\u0008\u000e-\u001a\u001c-\u001f\u007f�]/.test(text);
}
