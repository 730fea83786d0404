// Builds what the package ships from index.ts and ts/: dist/index.js, dist/index.cjs and the declarations.
import { copyFile, writeFile } from 'node:fs/promises';
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

const [, , types] = await Promise.all([
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
]);
await writeFile('index.d.ts', types);
await copyFile('index.d.ts', 'index.d.cts');
