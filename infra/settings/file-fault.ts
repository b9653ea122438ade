/** Why a file cannot be used, in words that contain nothing of the file. Other errors than those of reading it keep their message. */
export function fileFault(error: unknown): string {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return message;
  if (code === 'ENOENT') return 'the file does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'the user of this process may not read the file';
  if (code === 'EISDIR') return 'the path is a folder, not a file';
  return `the file cannot be read (${code ?? message})`;
}
