/**
 * A recorded run as pictures. Observable Plot draws them, because it is a grammar of graphics in plain functions with
 * few dependencies (d3), and linkedom is the document it draws into: no browser, no canvas.
 */

import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { count } from '../../demo/terminal.ts';
import type { Recording } from '../recording.ts';
import { median } from '../statistics.ts';

/** File name and content. */
export interface Chart {
  file: string;
  /** What it shows, for who can't see it. */
  title: string;
  svg: string;
}

/** A point of a line that has a name. */
interface Point {
  x: number;
  y: number;
  line: string;
}

/** Colours that stay apart for who is colour-blind (Okabe and Ito). */
const COLORS = ['#d55e00', '#0072b2', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];
const SIZE = { width: 760, height: 380, marginLeft: 64, marginBottom: 44, marginTop: 28 };

export function charts(recording: Recording): Chart[] {
  return [depthChart, latencyChart, shardsChart].flatMap((each) => each(recording));
}

/** Throughput over the depth of the book. */
function depthChart({ contests }: Recording): Chart[] {
  const points = contests
    .toSorted((a, b) => a.flow.resting - b.flow.resting)
    .flatMap(({ flow, standings }) =>
      standings.map(({ label, median: y }): Point => ({ x: flow.resting, y, line: label })),
    );
  const xs = [...new Set(points.map(({ x }) => x))];
  // Who ran on the ends only would be drawn through what nobody has measured; that is in the table.
  const ran = new Map<string, number>();
  for (const { line } of points) ran.set(line, (ran.get(line) ?? 0) + 1);
  const drawn = points.filter(({ line }) => (ran.get(line) ?? 0) >= Math.min(3, xs.length));
  if (xs.length < 2 || drawn.length === 0) return [];
  return [
    draw('benchmark-depth.svg', 'Orders and cancels a second over orders resting in the book', drawn, {
      x: { type: 'log', label: 'orders resting', ticks: xs, tickFormat: count },
      y: { type: 'log', label: 'a second, median', tickFormat: short, grid: true },
    }),
  ];
}

/** Latency percentiles at fixed offered rates. */
function latencyChart({ latencies }: Recording): Chart[] {
  const points = latencies.flatMap(({ mode, rate, percentiles }) =>
    percentiles
      .filter(([percent]) => percent < 100)
      .map(([percent, nanoseconds]): Point => ({
        // Each further nine takes as much room as the one before.
        x: 100 / (100 - percent),
        y: nanoseconds,
        line: `${mode}, ${count(rate)} a second`,
      })),
  );
  if (points.length === 0) return [];
  return [
    draw(
      'benchmark-latency.svg',
      'Latency from the scheduled call to its answer, through TypeScript',
      points,
      {
        x: {
          type: 'log',
          label: 'percentile',
          ticks: [2, 10, 100, 1_000, 10_000],
          tickFormat: (x: number) => `${Number((100 - 100 / x).toFixed(2))} %`,
        },
        y: { type: 'log', label: 'latency', tickFormat: brief, grid: true },
      },
    ),
  ];
}

/** Throughput over the number of shards, through TypeScript and, where it was measured, below Node. */
function shardsChart({ shards, native }: Recording): Chart[] {
  const ours = shards.map(({ shards: x, rates, symbols }): Point => ({
    x,
    y: median(rates),
    line: `through TypeScript, ${symbols} symbols`,
  }));
  const below = native
    .filter((line) => line.stage === 'threaded' && line.shards !== undefined && line.median !== undefined)
    .map(({ shards: split, median: y = 0, workload, inFlight = 0 }): Point => ({
      x: split?.matchers ?? 0,
      y,
      line: `below Node, ${workload}, ${count(inFlight)} in flight`,
    }));
  const points = [...ours, ...below];
  if (new Set(points.map(({ x }) => x)).size < 2) return [];
  return [
    draw('benchmark-shards.svg', 'Orders and cancels a second over sequencers and matchers', points, {
      x: {
        type: 'log',
        label: 'sequencers + matchers',
        ticks: [...new Set(points.map(({ x }) => x))],
        tickFormat: (x: number) => `${x} + ${x}`,
      },
      y: { label: 'a second, median', tickFormat: short, grid: true, zero: true },
    }),
  ];
}

/** Lines with their names in a legend. */
function draw(file: string, title: string, points: readonly Point[], scales: Plot.PlotOptions): Chart {
  const { document } = parseHTML('<html><body></body></html>');
  const lines = [...new Set(points.map(({ line }) => line))];
  const domain = { color: { domain: lines, range: COLORS.slice(0, lines.length) } };
  const xy = { x: 'x', y: 'y', stroke: 'line' };
  const svg = Plot.plot({
    document,
    ...SIZE,
    marginRight: 40,
    ...scales,
    ...domain,
    marks: [Plot.line(points, { ...xy, strokeWidth: 2 }), Plot.dot(points, { ...xy, fill: 'line', r: 2.5 })],
  });
  return { file, title, svg: frame(title, svg.innerHTML, lines) };
}

/** Plot makes its legends of HTML; a picture that stands by itself has it inside. */
function frame(title: string, plot: string, lines: readonly string[]): string {
  const [row, columns] = [20, 2];
  const top = 40;
  const height = top + Math.ceil(lines.length / columns) * row;
  const legend = lines.map((line, index) => {
    const x = SIZE.marginLeft + (index % columns) * ((SIZE.width - SIZE.marginLeft) / columns);
    const y = top + Math.floor(index / columns) * row;
    const label = `<text x="${x + 24}" y="${y + 4}">${escape(line)}</text>`;
    return `<line x1="${x}" x2="${x + 18}" y1="${y}" y2="${y}" stroke="${COLORS[index]}" stroke-width="3"/>${label}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${SIZE.width}" height="${SIZE.height + height}" ` +
      `viewBox="0 0 ${SIZE.width} ${SIZE.height + height}" role="img" aria-label="${escape(title)}" ` +
      'font-family="system-ui, sans-serif" font-size="12" fill="#222">',
    `<title>${escape(title)}</title>`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="${SIZE.marginLeft}" y="22" font-size="15" font-weight="600">${escape(title)}</text>`,
    ...legend,
    `<g transform="translate(0 ${height})" fill="currentColor" color="#222" font-size="11" text-anchor="middle">${plot}</g>`,
    '</svg>\n',
  ].join('\n');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** Nanoseconds for an axis: 200000 -> 200 µs */
function brief(nanoseconds: number): string {
  if (nanoseconds >= 1e9) return `${Number((nanoseconds / 1e9).toPrecision(3))} s`;
  if (nanoseconds >= 1e6) return `${Number((nanoseconds / 1e6).toPrecision(3))} ms`;
  return nanoseconds >= 1e3 ? `${Number((nanoseconds / 1e3).toPrecision(3))} µs` : `${nanoseconds} ns`;
}

/** 1500000 -> 1.5M */
function short(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  return value >= 1e3 ? `${Number((value / 1e3).toPrecision(3))}k` : String(value);
}
