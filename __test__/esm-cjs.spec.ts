/** The built package, imported and required in one process: both work, and errors are told apart by kind. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import test from 'ava';
import * as source from '../index.ts';

type Package = typeof source;

const ESM = new URL('../dist/index.js', import.meta.url);
const CJS = new URL('../dist/index.cjs', import.meta.url);
const built = existsSync(ESM) && existsSync(CJS);

test('import and require side by side', async (t) => {
  if (!built) {
    t.log('skipped: dist/ is not built');
    t.pass();
    return;
  }
  const esm = (await import(ESM.href)) as Package;
  const cjs = createRequire(import.meta.url)(CJS.pathname) as Package;
  t.deepEqual(Object.keys(esm).toSorted(), Object.keys(source).toSorted());
  t.deepEqual(
    Object.keys(cjs)
      .filter((name) => name !== '__esModule')
      .toSorted(),
    Object.keys(esm).toSorted(),
  );
  t.deepEqual(esm.ERROR_CODES, source.ERROR_CODES);
  t.deepEqual(cjs.ERROR_CODES, source.ERROR_CODES);

  const errors: source.LightningError[] = [];
  for (const lightning of [esm, cjs]) {
    const engine = await lightning.Engine.open({ threads: { sequencers: 2, matchers: 2 } });
    await engine.assets.create({ code: 'BTC', scale: 8 });
    await engine.accounts.deposit({ accountId: 1, asset: 'BTC', amount: '1' });
    t.is((await engine.accounts.balances(1))[0]?.total, '1.00000000');
    const error = await t.throwsAsync(engine.accounts.withdraw({ accountId: 1, asset: 'BTC', amount: '2' }), {
      instanceOf: lightning.InsufficientBalanceError,
    });
    t.true(error instanceof lightning.LightningError && error instanceof Error);
    t.is(error.name, 'InsufficientBalanceError');
    errors.push(error);
    await engine.close();
  }
  const [one, other] = errors;
  t.false(one instanceof cjs.LightningError, 'the two builds have classes of their own');
  t.is(one?.kind, 'LightningError');
  t.is(one?.kind, other?.kind);
  t.is(one?.code, other?.code);
  t.deepEqual(one?.details, other?.details);
});
