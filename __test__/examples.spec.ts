/** Every file in examples/ runs to its end. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ROOT, runNode } from './children.ts';

const FOLDER = join(ROOT, 'examples');
const FILES = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith('.ts')) : [];

test('there are examples', (t) => {
  if (FILES.length === 0) t.log(`skipped: no examples in ${FOLDER}`);
  t.pass();
});

for (const file of FILES) {
  test.serial(`examples/${file}`, async (t) => {
    const ended = await runNode(join('examples', file), [], { ms: 30_000 });
    t.is(ended.code, 0, ended.report);
    t.is(ended.stderr, '', ended.report);
    t.not(ended.stdout, '', ended.report);
  });
}
