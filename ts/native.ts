import { createRequire } from 'node:module';

/** Everything `native/node` exports, as `napi build` declares it. */
export type Native = typeof import('../native/node/binding.cjs');

/** The package, the platform and the ways out, in place of the generated loader's long chain of causes. */
function loadFailure(cause: unknown): Error {
  const { platform, arch, version } = process;
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  const libc = platform === 'linux' ? ` (${report?.header?.glibcVersionRuntime ? 'glibc' : 'musl'})` : '';
  return new Error(
    `lightning-exchange: no native binary loads on ${platform}-${arch}${libc}, Node ${version}. ` +
      'Its prebuilt package is an optional dependency: install without --omit=optional; ' +
      'delete node_modules and the lock file if the lock was written on another platform; ' +
      'or, from a checkout, run `npm run build:native`.',
    { cause },
  );
}

function load(): Native {
  try {
    // The same relative path holds from ts/ (sources) and from dist/ (the bundles), so that
    // ESM, CommonJS and tests run from source all share one binding and one native instance.
    return createRequire(import.meta.url)('../native/node/binding.cjs') as Native;
  } catch (cause) {
    throw loadFailure(cause);
  }
}

/** The native binding; the only place that loads it. */
export const native: Native = load();
