// Fails if a committed generated file differs from what the sources generate now.
// Run it before a build: a build overwrites the committed files.
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
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

const temporary = await mkdtemp('.generated-');
const generated = { 'index.d.ts': await declarations() };
try {
  const build = spawnSync('npm', ['run', '--silent', 'build:native', '--', '--output-dir', temporary], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (build.status !== 0) process.exitCode = 1;
  for (const name of ['binding.cjs', 'binding.d.cts'])
    generated[`native/node/${name}`] = await readFile(join(temporary, name), 'utf8');
} finally {
  await rm(temporary, { recursive: true, force: true });
}

for (const [path, text] of Object.entries(generated)) {
  const difference = firstDifference(await readFile(path, 'utf8').catch(() => ''), text);
  if (difference === undefined) continue;
  console.error(`${path} is stale at ${difference}\nRun \`npm run build\` and commit the result.`);
  process.exitCode = 1;
}
if (!process.exitCode) console.log(`up to date: ${Object.keys(generated).join(', ')}`);
