/** A recorded run as the README tells it. */

import { hostLine } from '../host.ts';
import type { Recording } from '../recording.ts';
import type { Chart } from './charts.ts';
import { type Figures, figures } from './figures.ts';

const BEGIN = '<!-- benchmark: written by npm run bench:report -->';
const END = '<!-- benchmark: end -->';

/** The section between the markers. `charts` are linked where they lie. */
export function section(
  name: string,
  recording: Recording,
  charts: readonly Chart[],
  folder: string,
): string {
  const { date, host, command, seed, load, skipped } = recording;
  return [
    `Recorded ${date.slice(0, 10)} in [${name}](benchmark/runs/${name}): \`${command}\`, seed ${seed}, ` +
      `${hostLine(host)}, host load ${load.before}. Medians of interleaved repetitions; in brackets, times ` +
      'nodejs-order-book.',
    ...figures(recording).map(markdownTable),
    ...charts.map(({ file, title }) => `![${title}](${folder}/${file})`),
    ...(skipped.length === 0
      ? []
      : [`Left out: ${skipped.map(({ what, why }) => `${what} (${firstLine(why)})`).join('; ')}.`]),
  ].join('\n\n');
}

/** The page with the section in its place. */
export function replaceSection(page: string, text: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error('the page has no place for the benchmark');
  return `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${page.slice(end)}`;
}

function markdownTable({ title, head, rows }: Figures): string {
  const [first = '', ...others] = head;
  return [
    // The title is the head of the first column, which says what the table is about.
    row([first === '' ? title : `${title}: ${first}`, ...others]),
    row(['---', ...others.map(() => '---:')]),
    ...rows.map(row),
  ].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
