/** `npm run bench:report`: draws the README's tables and pictures from the newest recorded run, or from a named one. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from '../host.ts';
import { newest, read } from '../recording.ts';
import { charts } from './charts.ts';
import { replaceSection, section } from './markdown.ts';

/** Where pictures lie, from the README. */
const PICTURES = 'docs/img';

const [file] = process.argv.slice(2);
const { name, recording } = file === undefined ? newest() : { name: basename(file), recording: read(file) };
if (recording.faults.length > 0) throw new Error(`${name} has faults: what is wrong is no benchmark`);

const drawn = charts(recording);
mkdirSync(join(ROOT, PICTURES), { recursive: true });
for (const { file: picture, svg } of drawn) writeFileSync(join(ROOT, PICTURES, picture), svg);
const readme = join(ROOT, 'README.md');
writeFileSync(
  readme,
  replaceSection(readFileSync(readme, 'utf8'), section(name, recording, drawn, PICTURES)),
);
console.log(`README.md and ${PICTURES} now say what ${name} says`);
