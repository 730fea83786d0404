/**
 * README.md and the pages for users tell the truth: their TypeScript is type-checked and runs as it stands, what it
 * prints is what its comments say, and the npm scripts that they name exist.
 */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, sep } from 'node:path';
import test from 'ava';
import ts from 'typescript';
import { type Ended, ROOT, runNode } from './children.ts';

interface Block {
  line: number;
  text: string;
}

/** A page with its TypeScript. On a prepared page, the first block is the beginning of each of the others. */
interface Page {
  name: string;
  text: string;
  setup: string;
  snippets: Block[];
}

/** What a snippet printed, call by call, and how it failed. */
interface Run {
  printed: string[];
  error?: string;
}

async function readPage(name: string, prepared: boolean): Promise<Page> {
  const path = join(ROOT, name);
  const text = existsSync(path) ? await readFile(path, 'utf8') : '';
  const snippets = blocks(text, 'ts');
  const setup = prepared ? (snippets.shift()?.text ?? '') : '';
  return { name, text, setup, snippets };
}

/** The fenced blocks of one language, with the lines they begin on. */
function blocks(page: string, language: string): Block[] {
  const found = page.matchAll(new RegExp(`^\`\`\`${language}\\b.*\\n([^]*?)^\`\`\`$`, 'gm'));
  return [...found].map(({ 1: text = '', index }) => ({
    line: page.slice(0, index).split('\n').length,
    text,
  }));
}

/** What each `console.log` says it prints: the comment behind it, or else the comment lines below it. */
function promises(code: string): (string | null)[] {
  const lines = code.split('\n');
  return lines.flatMap((line, at) => {
    if (!/\bconsole\.log\(/.test(line)) return [];
    const end = lines.findIndex((each, index) => index >= at && /\);(?: *}?| *\/\/.*)$/.test(each));
    const behind = lines[end]?.match(/\); *\/\/ (.*)$/)?.[1];
    if (behind !== undefined) return [behind];
    const below = lines.slice(end + 1);
    const past = below.findIndex((each) => !/^\s*\/\/ /.test(each));
    const said = below.slice(0, past).map((each) => each.replace(/^\s*\/\/ /, ''));
    return [said.length === 0 ? null : said.join(' ')];
  });
}

/** Is this what was promised? A promise may go on, behind a colon, to say why. Line breaks don't count. */
function keeps(printed: string, promise: string): boolean {
  const [is, said] = [printed, promise].map((text) => text.replaceAll(/\s+/g, ' ').trim());
  return is !== undefined && is !== '' && (said === is || said?.startsWith(`${is}: `) === true);
}

/** How the snippets are type-checked. */
const AS_A_USER: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node'],
  typeRoots: [join(ROOT, 'node_modules/@types')],
  strict: true,
  exactOptionalPropertyTypes: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  noEmit: true,
};

const RUNNER = `
import { format } from 'node:util';
const runs = [];
for (const file of process.argv.slice(2)) {
  const run = { printed: [] };
  runs.push(run);
  console.log = (...words) => void run.printed.push(format(...words));
  try {
    await import(file);
  } catch (error) {
    run.error = format(error);
  }
}
process.stdout.write(JSON.stringify(runs));
`;

const PAGES = await Promise.all([
  readPage('README.md', false),
  readPage('docs/ORDERS.md', true),
  readPage('docs/DURABILITY.md', true),
  readPage('docs/MARKET-DATA.md', true),
  readPage('docs/METRICS.md', true),
]);
const FOLDER = await realpath(await mkdtemp(join(tmpdir(), 'lightning-pages-')));
test.after.always(() => rm(FOLDER, { recursive: true }));

/** Writes a page's snippets as modules, to be run and checked. */
async function write({ name, setup, snippets }: Page): Promise<string[]> {
  const folder = join(FOLDER, basename(name, '.md'));
  await mkdir(folder);
  const index = relative(folder, join(ROOT, 'index.ts')).split(sep).join('/');
  return Promise.all(
    snippets.map(async ({ line, text }) => {
      const file = join(folder, `line-${line}.mts`);
      await writeFile(file, `${setup}${text}`.replaceAll(/(['"])lightning-exchange\1/g, `'${index}'`));
      return file;
    }),
  );
}

for (const page of PAGES) {
  const { name, text, snippets } = page;
  const written = write(page);
  let ended: Promise<Ended> | undefined;
  const runs = async (): Promise<{ runs: Run[]; report: string }> => {
    const runner = join(FOLDER, 'run.mts');
    await writeFile(runner, RUNNER);
    // What a snippet keeps in a temporary directory goes away with the snippet.
    ended ??= runNode(runner, await written, { ms: 60_000, env: { TMPDIR: FOLDER } });
    const { code, stdout, report } = await ended;
    return { runs: code === 0 ? (JSON.parse(stdout) as Run[]) : [], report };
  };

  test(`${name} has TypeScript in it`, (t) => {
    t.true(snippets.length > 0);
  });

  for (const [at, { line, text: code }] of snippets.entries()) {
    test.serial(`the TypeScript on line ${line} of ${name} does what it says`, async (t) => {
      const { runs: all, report } = await runs();
      const run = all[at];
      if (run === undefined) return t.fail(report);
      t.is(run.error, undefined);
      const promised = promises(code);
      t.is(run.printed.length, promised.length, `it printed\n${run.printed.join('\n')}`);
      for (const [index, promise] of promised.entries()) {
        const printed = run.printed[index] ?? '';
        t.true(promise !== null && keeps(printed, promise), `it says\n${promise}\nand prints\n${printed}`);
      }
    });
  }

  test.serial(`the TypeScript in ${name} type-checks`, async (t) => {
    const faults = ts.getPreEmitDiagnostics(ts.createProgram(await written, AS_A_USER));
    t.deepEqual(
      faults.map(({ file, messageText }) => [
        file?.fileName,
        ts.flattenDiagnosticMessageText(messageText, '\n'),
      ]),
      [],
    );
  });

  test(`every npm script in ${name} exists`, async (t) => {
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const known = new Set([...Object.keys(scripts), 'test', 'start']);
    for (const { line, text: shell } of [...blocks(text, 'bash'), ...blocks(text, 'sh')]) {
      for (const { 1: run, 2: short } of shell.matchAll(
        /\bnpm (?:run(?:-script)? ([\w:-]+)|(start|test)\b)/g,
      )) {
        const script = run ?? short ?? '';
        t.true(known.has(script), `${name}, line ${line}: npm run ${script}`);
      }
    }
    t.pass();
  });
}

/** A heading's anchor, as GitHub makes it. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

const PROSE = ['README.md', 'CHANGELOG.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)];

for (const name of PROSE.filter((each) => each.endsWith('.md'))) {
  test(`the links in ${name} lead somewhere`, async (t) => {
    const text = await readFile(join(ROOT, name), 'utf8');
    for (const { 1: path = '', 2: to } of text.matchAll(/\]\((?!\w+:)([^)#]*)(?:#([^)]*))?\)/g)) {
      const target = path === '' ? join(ROOT, name) : join(ROOT, dirname(name), path);
      if (!existsSync(target)) t.fail(`${path} does not exist`);
      else if (to !== undefined) {
        const headings = (await readFile(target, 'utf8')).matchAll(/^#+ (.*)$/gm);
        t.true(
          [...headings].some(({ 1: heading = '' }) => anchor(heading) === to),
          `${path}#${to}`,
        );
      }
    }
    t.pass();
  });
}
