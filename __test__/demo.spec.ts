/** The demo runs to its end without a terminal, in plain lines, and proves that no money was made or lost. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ROOT, runNode } from './children.ts';

for (const threads of ['auto', 'inline']) {
  test.serial(`npm start, two seconds, ${threads}`, async (t) => {
    if (!existsSync(join(ROOT, 'demo/main.ts'))) {
      t.log('skipped: there is no demo/main.ts');
      t.pass();
      return;
    }
    const ended = await runNode('demo/main.ts', ['--seconds', '2', '--threads', threads], {
      ms: 30_000,
      env: { NO_COLOR: '1' },
    });
    t.is(ended.code, 0, ended.report);
    t.false(ended.stdout.includes('\u{1b}'), `escape codes without a terminal\n${ended.report}`);
    t.is(ended.stderr, '', ended.report);
    t.regex(ended.stdout, /conserv/i, ended.report);
    t.regex(ended.stdout, /deposited/i, ended.report);
  });
}
