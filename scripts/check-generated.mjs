// Fails if a committed generated file differs from what the sources generate now, and leaves it as it was.
// It builds the addon where it belongs: somewhere else, the next build would have to compile it again.
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { declarations } from './declarations.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** The first line that differs, or nothing. */
function firstDifference(committed, generated) {
  const [was, now] = [committed, generated].map((text) => text.split('\n'));
  const at = now.findIndex((line, i) => line !== was[i]);
  if (at < 0 && was.length === now.length) return undefined;
  const line = at < 0 ? now.length : at;
  return `line ${line + 1}\n  committed: ${was[line] ?? '(end)'}\n  generated: ${now[line] ?? '(end)'}`;
}

const BUILT = ['native/node/binding.cjs', 'native/node/binding.d.cts'];
const textOf = (path) => readFile(path, 'utf8').catch(() => '');
const committed = new Map();
for (const path of ['index.d.ts', ...BUILT]) committed.set(path, await textOf(path));

const generated = { 'index.d.ts': await declarations() };
const build = spawnSync('npm', ['run', '--silent', 'build:native'], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
if (build.status !== 0) {
  for (const path of BUILT) await writeFile(path, committed.get(path));
  process.exit(1);
}
for (const path of BUILT) generated[path] = await textOf(path);

for (const [path, text] of Object.entries(generated)) {
  const difference = firstDifference(committed.get(path), text);
  if (difference === undefined) continue;
  console.error(`${path} is stale at ${difference}\nRun \`npm run build\` and commit the result.`);
  if (BUILT.includes(path)) await writeFile(path, committed.get(path));
  process.exitCode = 1;
}
if (!process.exitCode) console.log(`up to date: ${Object.keys(generated).join(', ')}`);
