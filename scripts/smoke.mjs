// Loads the built package by its own name as ESM, as CommonJS and in a worker thread.
// In a checkout the name resolves to the checkout itself; check-pack.mjs runs a copy beside an install.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import * as esm from 'lightning-exchange';

const cjs = createRequire(import.meta.url)('lightning-exchange');

/** The named exports; a namespace may also hold `default` or the `require(esm)` marker. */
const names = (module) =>
  Object.keys(module)
    .filter((name) => name !== 'default' && name !== '__esModule' && name !== 'module.exports')
    .sort();

if (isMainThread) {
  assert.ok(names(esm).length > 0, 'the package exports nothing');
  assert.deepEqual(names(cjs), names(esm), 'ESM and CommonJS export different names');
  const worker = new Worker(new URL(import.meta.url));
  const [inWorker] = await once(worker, 'message');
  assert.deepEqual(inWorker, names(esm), 'a worker thread sees different exports');
  console.log(
    `smoke: ${names(esm).length} exports load as ESM, CommonJS and in a worker on Node ${process.version}`,
  );
} else {
  parentPort.postMessage(names(esm));
}
