import { NewerSpoolError } from '../../infra/spool/segment-files.js';

/** Why a folder cannot be used as a spool, and what an operator can do about it. */
export type SpoolFault = {
  readonly fault: string;
  readonly fix: string;
};

const OTHER_FOLDER = 'or set INGRESS_SPOOL_DIR to another folder';
const PERMISSION: SpoolFault = {
  fault: 'no permission to create or write it',
  fix: `give this user read and write permission, ${OTHER_FOLDER}`,
};
const IN_THE_WAY: SpoolFault = {
  fault: 'something that is not a folder is in the way',
  fix: `remove or rename it, ${OTHER_FOLDER}`,
};
const FULL: SpoolFault = { fault: 'the disk is full', fix: `free space on it, ${OTHER_FOLDER}` };
const PATH: SpoolFault = { fault: 'the path cannot be resolved', fix: 'set INGRESS_SPOOL_DIR to another folder' };

const BY_CODE: Readonly<Record<string, SpoolFault>> = {
  EACCES: PERMISSION,
  EPERM: PERMISSION,
  EROFS: { fault: 'the file system is read-only', fix: `mount the volume writable, ${OTHER_FOLDER}` },
  ENOTDIR: IN_THE_WAY,
  EEXIST: IN_THE_WAY,
  EISDIR: { fault: 'a folder has the name of a file', fix: `remove or rename it, ${OTHER_FOLDER}` },
  ENOSPC: FULL,
  EDQUOT: FULL,
  EFBIG: FULL,
  ENAMETOOLONG: PATH,
  ELOOP: PATH,
};

/** Explains an error of opening a spool. */
export function spoolFaultOf(error: unknown): SpoolFault {
  if (error instanceof NewerSpoolError) {
    return { fault: error.message, fix: `run the newer program until it has drained the files, ${OTHER_FOLDER}` };
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return BY_CODE[code] ?? { fault: 'the disk fails', fix: `check the disk, ${OTHER_FOLDER}` };
}
