// The public declarations as one self-contained text per entry, made from index.ts and ts/.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

const banner = (entry) => `// Generated from ${entry} by \`npm run build:ts\`; do not edit.\n`;

/** Works from a copy of the sources: beside index.ts the plugin would read last time's index.d.ts instead. */
export async function declarations(entry = 'index.ts') {
  const copy = await mkdtemp('.generated-');
  try {
    for (const path of ['index.ts', 'ts', 'native/node/binding.d.cts'])
      await cp(path, join(copy, path), { recursive: true });
    const bundle = await rollup({
      input: join(copy, entry),
      external: (id) => id.startsWith('node:') || id.endsWith('/binding.cjs'),
      plugins: [dts({ tsconfig: 'tsconfig.json' })],
      onwarn(warning) {
        throw new Error(warning.message);
      },
    });
    const { output } = await bundle.generate({ format: 'es' });
    await bundle.close();
    return banner(entry) + selfContained(output[0].code);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Refuses a path into this repository: it would dangle in an installed package. */
function selfContained(code) {
  const leak = /(?:from|import|import\()\s*['"](\.[^'"]*)['"]/.exec(code);
  if (leak)
    throw new Error(
      `the declarations would refer to ${leak[1]}: keep the binding's types out of the public API`,
    );
  return code;
}
