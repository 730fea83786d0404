// Builds what the package ships from index.ts and ts/: dist/index.js, dist/index.cjs, the declarations, and the command
// line with the libraries it is made with.
import { chmod, copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { declarations } from './declarations.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const common = {
  entryPoints: ['index.ts'],
  bundle: true,
  platform: 'node',
  target: 'node20',
  packages: 'external',
  charset: 'utf8',
  logLevel: 'warning',
};

/** The licenses of the packages that went into a bundle, as one text. */
async function licenses({ inputs }) {
  const folders = Object.keys(inputs).map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
  const texts = [...new Set(folders.filter(Boolean))].sort().map(async (folder) => {
    const { name, version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
    if (!file) throw new Error(`${name} has no license file`);
    return `${name} ${version}\n\n${(await readFile(join(folder, file), 'utf8')).trim()}\n`;
  });
  return `cli.js contains these packages.\n\n${(await Promise.all(texts)).join('\n---\n\n')}`;
}

/** For clients that have no engine: what is in here loads nothing native, and nothing of Node's. */
const localBook = {
  ...common,
  entryPoints: ['ts/local-book/index.ts'],
  platform: 'neutral',
  target: 'es2023',
};

const [, , types, cli, , , localBookTypes] = await Promise.all([
  build({ ...common, format: 'esm', outfile: 'dist/index.js' }),
  build({
    ...common,
    format: 'cjs',
    outfile: 'dist/index.cjs',
    // CommonJS has no import.meta; the binding is found relative to this file in both formats.
    define: { 'import.meta.url': '__importMetaUrl' },
    banner: {
      js: "'use strict';\nconst __importMetaUrl = require('node:url').pathToFileURL(__filename).href;",
    },
  }),
  declarations(),
  build({
    ...common,
    entryPoints: ['ts/cli/main.ts'],
    format: 'esm',
    outfile: 'dist/cli.js',
    // What is bundled is not a dependency of whoever installs the package.
    packages: 'bundle',
    minify: true,
    metafile: true,
    // The libraries are CommonJS, and require what is Node's own.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
    },
  }),
  build({ ...localBook, format: 'esm', outfile: 'dist/local-book.js' }),
  build({ ...localBook, format: 'cjs', outfile: 'dist/local-book.cjs' }),
  declarations('ts/local-book/index.ts'),
]);
await writeFile('index.d.ts', types);
await copyFile('index.d.ts', 'index.d.cts');
await Promise.all(['ts', 'cts'].map((kind) => writeFile(`dist/local-book.d.${kind}`, localBookTypes)));
await writeFile('dist/cli.licenses.txt', await licenses(cli.metafile));
// A checkout's bin may be linked to; an install makes it executable by itself.
await chmod('dist/cli.js', 0o755);
