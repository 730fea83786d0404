/** Under what conditions a run was made: without them its figures mean nothing. */

import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

export interface Host {
  /** Of the checkout, abbreviated. */
  commit: string;
  /** Are there changes that are not in the commit? Recorded runs are none. */
  changed: boolean;
  cpu: string;
  cores: number;
  memoryGiB: number;
  node: string;
  platform: string;
}

export function describeHost(): Host {
  return {
    commit: git('rev-parse', '--short', 'HEAD') || 'unknown',
    // A run that is recorded lies in the tree before it is committed, and so do the pages drawn from it.
    changed: git('status', '--porcelain', '--', '.', ':!benchmark/runs', ':!docs', ':!*.md') !== '',
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
  };
}

/** The host in one line. */
export function hostLine({ commit, changed, cpu, cores, memoryGiB, node }: Host): string {
  const state = changed ? ' and changes' : '';
  return `commit ${commit}${state}, ${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}`;
}

/** The load averages of 1, 5 and 15 minutes. */
export function load(): string {
  return loadavg()
    .map((average) => average.toFixed(2))
    .join(' ');
}

/** The checkout. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

function git(...args: string[]): string {
  try {
    return execFileSync('git', args, {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}
