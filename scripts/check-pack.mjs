// Proves the packages as npm would install them: packs the root and this platform's binary, lints the root
// tarball, installs both into an empty folder, then loads and type-checks them there. Needs a finished build.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Bundles and types, with the words that show where you hover; the command line and its licenses are an eighth, the
// local book for clients without the engine a fifth: 210 kB.
const ROOT_PACKED_MAX = 240 * 1024;
// Every order type and rule, JSON for the calls that have rare fields, the journal with recovery, verification and audit,
// streams, histories and metrics: 5.8 MB. A jump beyond says what came in unasked.
const PLATFORM_UNPACKED_MAX = 6 * 1024 * 1024;

const root = fileURLToPath(new URL('..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'lightning-pack-'));
const binDir = join(root, 'node_modules', '.bin');

/** Runs a command with its output shown; throws if it fails. */
const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' });

/** Packs a folder and returns the tarball's path with what npm says of it. */
function pack(folder) {
  const json = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', work], {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  const [info] = Object.values(JSON.parse(json));
  return { ...info, path: join(work, info.filename) };
}

/** Node's platform, architecture and libc in the words of napi's file names and of Rust's targets. */
function currentTarget(manifest) {
  const binary = readdirSync(join(root, 'native/node')).filter((name) => name.endsWith('.node'));
  const { glibcVersionRuntime } = process.report.getReport().header;
  const libc = process.platform === 'linux' ? (glibcVersionRuntime ? '-gnu' : '-musl') : '';
  const abi = `${process.platform}-${process.arch}${libc || (process.platform === 'win32' ? '-msvc' : '')}`;
  const cpu = { x64: 'x86_64', arm64: 'aarch64' }[process.arch];
  const system = { linux: 'unknown-linux', darwin: 'apple-darwin', win32: 'pc-windows-msvc' }[
    process.platform
  ];
  const triple = `${cpu}-${system}${libc}`;
  const file = `${manifest.napi.binaryName}.${abi}.node`;
  if (!binary.includes(file)) throw new Error(`native/node/${file} is missing: run npm run build:native`);
  if (!manifest.napi.targets.includes(triple))
    throw new Error(`${triple} is not among the package's targets`);
  return { abi, triple, file };
}

try {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { abi, triple, file } = currentTarget(manifest);

  const main = pack(root);
  const stray = main.files.map(({ path }) => path).filter((path) => /\.node$|\.rs$|(?<!\.d)\.ts$/.test(path));
  if (stray.length > 0) throw new Error(`the root package must not ship ${stray.join(', ')}`);
  if (main.size > ROOT_PACKED_MAX) throw new Error(`the root package packs to ${main.size} bytes`);

  // napi makes one folder per target of a manifest; a copy of ours that names one target gives one.
  const release = join(work, 'release');
  mkdirSync(release);
  const copy = { ...manifest, napi: { ...manifest.napi, targets: [triple] } };
  writeFileSync(join(release, 'package.json'), JSON.stringify(copy, undefined, 2));
  run(join(binDir, 'napi'), ['create-npm-dirs'], release);
  const platformFolder = join(release, 'npm', abi);
  copyFileSync(join(root, 'native/node', file), join(platformFolder, file));
  const platform = pack(platformFolder);
  const { size } = statSync(join(platformFolder, file));
  if (size > PLATFORM_UNPACKED_MAX) throw new Error(`${file} is ${size} bytes`);
  console.log(`packed: ${main.filename} ${main.size} bytes, ${platform.filename} ${platform.size} bytes`);

  run(join(binDir, 'publint'), ['run', main.path, '--strict'], root);
  run(join(binDir, 'attw'), [main.path], root);

  const consumer = join(work, 'consumer');
  mkdirSync(consumer);
  writeFileSync(join(consumer, 'package.json'), '{ "private": true }\n');
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--offline'];
  run('npm', ['install', ...quiet, main.path, platform.path], consumer);
  copyFileSync(join(root, 'scripts/smoke.mjs'), join(consumer, 'smoke.mjs'));
  run(process.execPath, ['smoke.mjs'], consumer);

  // The command line, as npx finds it.
  const cli = join(consumer, 'node_modules', '.bin', manifest.name);
  const said = execFileSync(cli, ['--version'], { encoding: 'utf8', shell: process.platform === 'win32' });
  if (said.trim() !== manifest.version) throw new Error(`npx ${manifest.name} --version says ${said}`);

  // The declarations as a consumer of either format sees them, checked strictly and in full.
  for (const extension of ['mts', 'cts'])
    writeFileSync(
      join(consumer, `types.${extension}`),
      `import * as lightning from 'lightning-exchange';\nimport * as client from 'lightning-exchange/local-book';\n` +
        `export const names: string[] = [...Object.keys(lightning), ...Object.keys(client)];\n`,
    );
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];
  const strict = [
    '--noEmit',
    '--strict',
    '--exactOptionalPropertyTypes',
    '--module',
    'nodenext',
    '--target',
    'es2022',
  ];
  run(join(binDir, 'tsc'), [...strict, ...types, 'types.mts', 'types.cts'], consumer);
  console.log('check-pack: both tarballs install, load and type-check');
} finally {
  rmSync(work, { recursive: true, force: true });
}
