// Runs the smoke script and the ava suite under other Node releases: `node scripts/node-matrix.mjs 22 24`.
// Each release comes from npm's `node-<platform>-<arch>` packages, which hold the plain binary and run no script.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const windows = process.platform === 'win32';
const packageName = `node-${windows ? 'win' : process.platform}-${process.arch}`;

/** The path of a Node binary of this release line, installed once per node_modules. */
function nodeBinary(version) {
  const folder = join(process.cwd(), 'node_modules', '.cache', 'node-matrix', version);
  const binary = join(folder, 'node_modules', packageName, 'bin', windows ? 'node.exe' : 'node');
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const install = [
    'install',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-save',
    `${packageName}@${version}`,
  ];
  const { status } = spawnSync('npm', install, { cwd: folder, stdio: 'inherit', shell: windows });
  if (status !== 0) throw new Error(`cannot install ${packageName}@${version}`);
  return binary;
}

/** Runs one script, marking each line with the release; resolves to whether it succeeded. */
async function run(binary, label, args) {
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => console.log(`[node ${label}] ${line}`));
  return (await closed) === 0;
}

const failures = [];
for (const version of process.argv.slice(2)) {
  const binary = nodeBinary(version);
  const label = spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout.trim();
  for (const args of [['scripts/smoke.mjs'], ['node_modules/ava/entrypoints/cli.mjs']])
    if (!(await run(binary, label, args))) failures.push(`${args[0]} under Node ${label}`);
}
if (failures.length > 0) {
  console.error(`node-matrix: failed: ${failures.join('; ')}`);
  process.exitCode = 1;
}
