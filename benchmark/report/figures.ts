/** What a recorded run says, as rows of text: the terminal's report and the README's are made of the same ones. */

import { count, duration } from '../../demo/terminal.ts';
import type { Contest } from '../contest.ts';
import { type NativeLine, subjectOf } from '../native.ts';
import type { Recording } from '../recording.ts';
import { median } from '../statistics.ts';

/** A table: the first column to the left, figures to the right. */
export interface Figures {
  title: string;
  head: string[];
  rows: string[][];
}

/** Throughput of everybody on every flow. */
export function throughput({ contests }: Recording): Figures[] {
  const columns = contests.toSorted((a, b) => a.flow.resting - b.flow.resting);
  const labels = new Map(columns.flatMap(({ standings }) => standings.map(({ id, label }) => [id, label])));
  if (labels.size === 0) return [];
  // The order of the contest with the most contestants is everybody's order.
  const longest = contests.reduce((most, each) =>
    each.standings.length > most.standings.length ? each : most,
  );
  const ids = [...longest.standings.map(({ id }) => id), ...labels.keys()];
  return [
    {
      title: 'orders and cancels a second, by orders resting in the book',
      head: ['', ...columns.map(({ flow }) => count(flow.resting))],
      rows: [...new Set(ids)].map((id) =>
        [labels.get(id) ?? id].concat(columns.map((each) => against(each, id))),
      ),
    },
  ];
}

/** The median of one contestant, and how many times the peer's that is. */
function against({ standings }: Contest, id: string): string {
  const standing = standings.find((each) => each.id === id);
  if (standing === undefined) return '';
  const { timesPeer } = standing;
  const ratio = timesPeer === null || timesPeer === 1 ? '' : ` (${times(timesPeer)})`;
  return count(standing.median) + ratio;
}

/** Latency at fixed offered rates. */
export function latency({ latencies }: Recording): Figures[] {
  if (latencies.length === 0) return [];
  const wanted = [50, 99, 99.9, 100];
  return [
    {
      title: 'from the scheduled call to its answer, open loop',
      head: ['calls a second', 'achieved', 'p50', 'p99', 'p99.9', 'max'],
      rows: latencies.map(({ mode, rate, achieved, percentiles }) => [
        `${mode}, ${count(rate)}`,
        count(achieved),
        ...wanted.map((percent) => duration(percentiles.find(([at]) => at === percent)?.[1] ?? 0)),
      ]),
    },
  ];
}

/** Synchronous reads of the book. */
export function level2(recording: Recording): Figures[] {
  const reads = recording.level2;
  const levels = [...new Set(reads.map((read) => read.levels))];
  if (levels.length === 0) return [];
  return [
    {
      title: 'a synchronous read of the book',
      head: ['levels a side', ...levels.map(String)],
      rows: [...new Set(reads.map(({ mode }) => mode))].map((mode) =>
        [String(mode)].concat(
          levels.map((wanted) => {
            const read = reads.find((each) => each.mode === mode && each.levels === wanted);
            return read === undefined ? '' : duration(read.nanoseconds);
          }),
        ),
      ),
    },
  ];
}

/** Several symbols at once, by shards. */
export function shards(recording: Recording): Figures[] {
  if (recording.shards.length === 0) return [];
  const [{ symbols, inFlight } = { symbols: 0, inFlight: 0 }] = recording.shards;
  return [
    {
      title: `threaded, ${symbols} symbols, ${count(inFlight)} in flight`,
      head: ['sequencers + matchers', 'median', 'best'],
      rows: recording.shards.map((each) => [
        `${each.shards} + ${each.shards}`,
        count(median(each.rates)),
        count(Math.max(0, ...each.rates)),
      ]),
    },
  ];
}

/** What was measured below Node. */
export function native(recording: Recording): Figures[] {
  const results = recording.native.filter(({ type, stage }) => type === 'result' && stage !== 'peers');
  const rated = results.filter((line) => line.median !== undefined);
  const timed = results.filter((line) => line.latencyNanoseconds !== undefined);
  const durable = results.filter((line) => line.microseconds !== undefined);
  const weighed = results.filter((line) => line.residentBytes !== undefined);
  const all = [
    {
      title: 'below Node, commands a second',
      head: ['stage', 'workload', 'median', 'best', 'against'],
      rows: rated.map((line) => [
        subjectOf(line),
        line.workload ?? '',
        count(line.median ?? 0),
        count(line.best ?? 0),
        line.times === undefined ? '' : `${times(line.times)} ${line.against}`,
      ]),
    },
    {
      title: 'below Node, latency at an offered rate',
      head: ['stage', 'offered', 'achieved', 'p50', 'p99', 'p99.9', 'max'],
      rows: timed.map((line) => offered(`${subjectOf(line)}, ${line.workload}`, line)),
    },
    {
      title: 'below Node, until it is kept',
      head: ['stage', 'offered', 'achieved', 'p50', 'p99', 'p99.9', 'max'],
      rows: durable.map((line) => offered(`${line.stage}, ${line.durability ?? line.mode ?? ''}`, line)),
    },
    {
      title: 'memory',
      head: ['of', 'resting orders', 'accounts', 'resident', 'bytes an order'],
      rows: weighed.map(({ subject = '', orders = 0, accounts, residentBytes = 0, bytesPerOrder }) => [
        subject,
        count(orders),
        accounts === undefined ? '' : count(accounts),
        `${count(residentBytes / 1e6)} MB`,
        bytesPerOrder === undefined ? '' : count(bytesPerOrder),
      ]),
    },
  ];
  return all.filter(({ rows }) => rows.length > 0);
}

/** A row of what came of an offered rate. */
function offered(what: string, line: NativeLine): string[] {
  const { offeredPerSecond = 0, achievedPerSecond = 0, latencyNanoseconds, microseconds } = line;
  const at = (name: string): number => latencyNanoseconds?.[name] ?? (microseconds?.[name] ?? 0) * 1e3;
  const percentiles = ['p50', 'p99', 'p99.9', 'max'].map((name) => duration(at(name)));
  return [what, count(offeredPerSecond), count(achievedPerSecond), ...percentiles];
}

/** Order books of the Rust registry beside ours, in one process each. */
export function rustPeers(recording: Recording): Figures[] {
  const lines = recording.native.filter(({ stage }) => stage === 'peers');
  const results = lines.filter(({ type, median: rate }) => type === 'result' && rate !== undefined);
  if (results.length === 0) return [];
  const subjects = [...new Set(lines.flatMap(({ subject: name }) => name ?? []))];
  const workloads = [...new Set(results.flatMap(({ workload }) => workload ?? []))];
  const cell = (workload: string, name: string): string => {
    const found = results.find((line) => line.workload === workload && line.subject === name);
    if (found?.median === undefined) return 'other fills';
    const ratio = lines.find(
      (line) => line.type === 'ratio' && line.workload === workload && line.against === name,
    )?.times;
    return count(found.median) + (typeof ratio === 'number' ? ` (ours: ${times(ratio)})` : '');
  };
  return [
    {
      title: 'book alone, beside order books of the Rust registry, messages a second',
      head: ['workload', ...subjects],
      rows: workloads.map((workload) => [workload].concat(subjects.map((name) => cell(workload, name)))),
    },
  ];
}

/** Against exchanges in other languages. */
export function duels(recording: Recording): Figures[] {
  return recording.duels.map(({ peer, workload, commands, theirs, ours }) => ({
    title: `${workload}: ${count(commands)} commands a repetition, no journal, commands a second`,
    head: ['', 'median', 'best', ''],
    rows: [
      [peer, count(theirs.median), count(theirs.best), ''],
      ...ours.map((each) => [each.id, count(each.median), count(each.best), times(each.timesPeer)]),
    ],
  }));
}

/** All of them. */
export function figures(recording: Recording): Figures[] {
  return [throughput, latency, level2, shards, native, rustPeers, duels].flatMap((each) => each(recording));
}

function times(ratio: number): string {
  return `${ratio.toFixed(ratio < 10 ? 1 : 0)}x`;
}
