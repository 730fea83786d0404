/** A run for who watched it. */

import { colors, table } from '../../demo/terminal.ts';
import type { Recording } from '../recording.ts';
import { figures } from './figures.ts';

/** Faults that are shown; a run that goes wrong goes wrong everywhere. */
const FAULTS_SHOWN = 20;

export function terminalReport(recording: Recording): string {
  const { faults, skipped, load, seconds } = recording;
  const lines = figures(recording).flatMap(({ title, head, rows }) => [
    '',
    colors.bold(title),
    table(head, rows),
  ]);
  lines.push('', `${seconds} s; host load ${load.before} before, ${load.after} after`);
  for (const { what, why } of skipped) lines.push(`${colors.yellow('–')} ${what} was left out: ${why}`);
  for (const fault of faults.slice(0, FAULTS_SHOWN)) lines.push(`${colors.red('✗')} ${fault}`);
  if (faults.length > FAULTS_SHOWN) lines.push(`and ${faults.length - FAULTS_SHOWN} more`);
  if (faults.length === 0) {
    lines.push(
      `${colors.green('✓')} every run made its oracle's fills and left its book; conservation holds in all of ours`,
    );
  }
  return lines.join('\n');
}
