/** The README tells the truth: its TypeScript runs as it stands, and the scripts it names exist. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { ROOT, runNode } from './children.ts';

const README = join(ROOT, 'README.md');
const readme = existsSync(README) ? await readFile(README, 'utf8') : '';

/** The fenced blocks of one language, with the lines they begin on. */
function blocks(language: string): { line: number; text: string }[] {
  const found = readme.matchAll(new RegExp(`^\`\`\`${language}\\b.*\\n([^]*?)^\`\`\`$`, 'gm'));
  return [...found].map(({ 1: text = '', index }) => ({
    line: readme.slice(0, index).split('\n').length,
    text,
  }));
}

const TS = blocks('ts');

test('the README has TypeScript in it', (t) => {
  if (TS.length === 0) t.log(`skipped: ${readme === '' ? 'no README.md' : 'no ts block in README.md'}`);
  t.pass();
});

for (const { line, text } of TS) {
  test.serial(`the TypeScript on line ${line} of README.md runs`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'lightning-readme-'));
    t.teardown(() => rm(folder, { recursive: true }));
    const file = join(folder, `line-${line}.mts`);
    const source = pathToFileURL(join(ROOT, 'index.ts')).href;
    await writeFile(file, text.replaceAll(/(['"])lightning-exchange\1/g, JSON.stringify(source)));
    const ended = await runNode(file, [], { ms: 30_000 });
    t.is(ended.code, 0, `README.md, line ${line}\n${ended.report}`);
  });
}

test('every npm script in the README exists', async (t) => {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const known = new Set([...Object.keys(scripts), 'test', 'start']);
  for (const { line, text } of [...blocks('bash'), ...blocks('sh')]) {
    for (const { 1: run, 2: short } of text.matchAll(/\bnpm (?:run(?:-script)? ([\w:-]+)|(start|test)\b)/g)) {
      const script = run ?? short ?? '';
      t.true(known.has(script), `README.md, line ${line}: npm run ${script}`);
    }
  }
  t.pass();
});
