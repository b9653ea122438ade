// Run after `npm install <package>`: node dev/complete-lockfile.mjs
//
// Packages with native parts list one optional package for each platform. If the registry in use lacks some of them, npm
// silently omits these from package-lock.json, and `npm ci` then refuses the lockfile. This script adds them: the packages that
// depend on them name exact versions, and their own names tell the platform.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PLATFORM =
  /(?:^|[/-])(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)-([a-z0-9]+)(?:-(\w+))?$/;

/** Adds missing packages to a parsed lockfile. Idempotent. Returns the added paths. */
export function complete(lockfile) {
  const { packages } = lockfile;
  const added = [];
  for (const [path, entry] of Object.entries(packages)) {
    // npm resolves the project's own dependencies.
    if (path === '') continue;
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const platform = PLATFORM.exec(name);
      if (platform === null || !/^\d+\.\d+\.\d+$/.test(version)) continue;
      if (packages[resolve(packages, path, name)]?.version === version) continue;
      const top = `node_modules/${name}`;
      const place = top in packages ? `${path}/node_modules/${name}` : top;
      packages[place] = forPlatform(platform, { version, ...(entry.dev && { dev: true }), optional: true });
      added.push(place);
    }
  }
  const inOrder = ([a], [b]) => (a < b ? -1 : 1);
  lockfile.packages = Object.fromEntries(Object.entries(packages).sort(inOrder));
  return added;
}

function forPlatform([, os, arch, abi = ''], entry) {
  // 32-bit ARM is named in several ways: linux-arm-gnueabihf, linux-armv7.
  const cpu = arch.startsWith('armv') ? 'arm' : arch;
  const libc = os === 'linux' && /^(gnu|musl)/.exec(abi)?.[1];
  return { ...entry, os: [os], cpu: [cpu], ...(libc && { libc: [libc === 'gnu' ? 'glibc' : 'musl'] }) };
}

/** The path at which Node would find `name` from `path`. */
function resolve(packages, path, name) {
  for (let folder = path; folder !== ''; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (`${folder}/node_modules/${name}` in packages) return `${folder}/node_modules/${name}`;
    if (!folder.includes('/node_modules/')) break;
  }
  return `node_modules/${name}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = fileURLToPath(new URL('../package-lock.json', import.meta.url));
  const lockfile = JSON.parse(readFileSync(file, 'utf8'));
  const added = complete(lockfile);
  writeFileSync(file, `${JSON.stringify(lockfile, undefined, 2)}\n`);
  console.error(
    added.length === 0 ? 'package-lock.json is complete' : `added ${added.length} packages for other platforms`,
  );
}
