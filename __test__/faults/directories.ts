/** Directories of files: made, copied, compared byte by byte. */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An empty directory on a real disk. Path without symbolic links: the shim compares paths as text. */
export function freshDirectory(what: string, parent = tmpdir()): string {
  return mkdtempSync(join(realpathSync(parent), `lightning-${what}-`));
}

/** An empty directory in memory where there is one (Linux), for tests of bytes and not of disks. */
export function fastDirectory(what: string): string {
  return freshDirectory(what, existsSync('/dev/shm') ? '/dev/shm' : tmpdir());
}

/** Removes a directory with everything in it. */
export function removeDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** Names of all files below a directory, sorted; `archive/x` for those in a directory of it. */
export function filesOf(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => !lstatSync(join(path, name)).isDirectory())
    .toSorted();
}

/** Copies a directory to a place that does not exist yet, modes included. */
export function copyDirectory(from: string, to: string): void {
  mkdirSync(to, { mode: 0o700 });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyDirectory(source, target);
    else copyFileSync(source, target);
  }
}

/** What is in a directory: each file's name, mode, length and hash. */
export function fingerprint(path: string): string {
  return filesOf(path)
    .map((name) => {
      const bytes = readFileSync(join(path, name));
      const mode = lstatSync(join(path, name)).mode.toString(8);
      return `${name} ${mode} ${bytes.length} ${createHash('sha1').update(bytes).digest('hex')}`;
    })
    .join('\n');
}

/** A path beside a directory, for what must not be in it. */
export function beside(directory: string, what: string): string {
  return `${directory}.${what}`;
}
