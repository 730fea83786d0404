/**
 * The live screen: what the market looks like now, as lines of text. Pure functions of a view; who shows the
 * lines, and how often, is decided elsewhere.
 */

import type { LocalBbo, LocalBookLevel, LocalBookLevels, TickerMessage, TradeMessage } from '../index.ts';
import { colors, count, duration, grouped } from './terminal.ts';

/** A book as it is drawn. */
export type Book = LocalBbo & LocalBookLevels;

export interface View {
  title: string;
  /** Seconds gone, and to go in all. */
  elapsed: number;
  seconds: number;
  offered: number;
  /** Per second, over the last moments. */
  callRate: number;
  tradeRate: number;
  inFlight: number;
  latency: { p50: number; p99: number; p999: number; max: number };
  books: Book[];
  /** Of each book; null before it has come. */
  tickers: (TickerMessage | null)[];
  /** Of all symbols, newest first. */
  tape: TradeMessage[];
  /** Recent mids of each book, oldest first; for the eye, so floats will do. */
  mids: number[][];
}

/** A cell of a line: its width is known before its colours are put on. */
interface Cell {
  text: string;
  paint?: (text: string) => string;
}

const LADDER_WIDTH = 44;
const TAPE_WIDTH = 34;
const GAP = '  ';

/** Draws a view for a terminal of this size; at least 80 x 24 is wanted, smaller ones cut it off. */
export function frame(view: View, columns: number, rows: number): string {
  const shown =
    columns >= 2 * LADDER_WIDTH + TAPE_WIDTH + 2 * GAP.length ? view.books : view.books.slice(0, 1);
  const levels = Math.max(3, Math.min(12, Math.floor((rows - 10 - view.books.length) / 2)));
  const panels = [
    ...shown.map((book) => ladder(book, levels)),
    tape(view.tape, 2 * levels + 2).map((cells) => line(cells, TAPE_WIDTH)),
  ];
  const width = Math.min(columns, shown.length * (LADDER_WIDTH + GAP.length) + TAPE_WIDTH);
  const body = Array.from({ length: 2 * levels + 2 }, (_, row) =>
    panels.map((panel) => panel[row] ?? '').join(GAP),
  );
  return [
    ` ${colors.bold(colors.cyan('lightning-exchange'))}  ${colors.dim(view.title)}`,
    ` ${progress(view.elapsed / view.seconds, width - 16)} ${view.elapsed.toFixed(1)} / ${view.seconds} s`,
    '',
    ...body,
    '',
    ...view.books.map((book, index) =>
      midLine(book, view.tickers[index] ?? null, view.mids[index] ?? [], width - 68),
    ),
    ` ${colors.dim('calls')} ${colors.bold(`${count(view.callRate)}/s`)} ${colors.dim(`of ${count(view.offered)}/s offered`)}` +
      `   ${colors.dim('trades')} ${colors.bold(`${count(view.tradeRate)}/s`)}` +
      `   ${colors.dim('in flight')} ${count(view.inFlight)}`,
    ` ${colors.dim('latency')}  p50 ${colors.bold(duration(view.latency.p50))}   p99 ${colors.bold(duration(view.latency.p99))}` +
      `   p99.9 ${colors.bold(duration(view.latency.p999))}   ${colors.dim('scheduled send to answer')}`,
  ].join('\n');
}

function ladder(book: Book, levels: number): string[] {
  const bids = book.bids.slice(0, levels);
  const asks = book.asks.slice(0, levels);
  const largest = Math.max(...[...bids, ...asks].map(({ quantity }) => Number(quantity)), Number.MIN_VALUE);
  const blank = Array.from({ length: levels }, (): Cell[] => []);
  const side = (list: LocalBookLevel[], paint: (text: string) => string): Cell[][] =>
    list.map((level) => [
      { text: ` ${grouped(level.price).padStart(10)}`, paint },
      { text: level.quantity.padStart(10) },
      { text: String(level.orders ?? '').padStart(4), paint: colors.dim },
      { text: ` ${bar(Number(level.quantity) / largest, 16)}`, paint },
    ]);
  const between =
    book.spread === null
      ? '—'
      : `spread ${book.spread} (${book.spreadBps} bps)   mid ${grouped(book.mid ?? '')}`;
  return [
    [
      { text: ` ${book.symbol.padStart(10)}`, paint: colors.bold },
      { text: '  quantity  no.', paint: colors.dim },
    ],
    ...[...blank, ...side(asks, colors.red).toReversed()].slice(-levels),
    [{ text: ` ${between.padStart(10)}`, paint: colors.yellow }],
    ...[...side(bids, colors.green), ...blank].slice(0, levels),
  ].map((cells) => line(cells, LADDER_WIDTH));
}

function tape(trades: TradeMessage[], rows: number): Cell[][] {
  const lines = trades.slice(0, rows - 1).map((trade): Cell[] => {
    const paint = trade.takerSide === 'buy' ? colors.green : colors.red;
    return [
      { text: `${trade.takerSide === 'buy' ? '▲' : '▼'} ${trade.symbol.split('-')[0]?.padEnd(4)}`, paint },
      { text: grouped(trade.price).padStart(10), paint },
      { text: trade.quantity.padStart(9) },
      { text: ` ${new Date(trade.ts).toISOString().slice(17, 23)}`, paint: colors.dim },
    ];
  });
  return [[{ text: '  last trades, by taker side', paint: colors.dim }], ...lines];
}

function midLine(book: Book, ticker: TickerMessage | null, mids: number[], width: number): string {
  const seen = mids.slice(-Math.max(0, width));
  const low = Math.min(...seen);
  const high = Math.max(...seen);
  const range = ticker?.low && ticker.high ? `${grouped(ticker.low)} – ${grouped(ticker.high)}` : '';
  const volume = `${count(Number(ticker?.baseVolume ?? 0))} ${book.symbol.split('-')[0]}`;
  return (
    ` ${book.symbol}  ${colors.bold(grouped(book.mid ?? '—').padStart(11))} ` +
    `${colors.dim(`${(book.spreadBps ?? '—').padStart(6)} bps`)}  ${colors.cyan(sparkline(seen, low, high))} ` +
    colors.dim(`${range}  ${volume}`)
  );
}

function sparkline(values: number[], low: number, high: number): string {
  const steps = '▁▂▃▄▅▆▇█';
  return values
    .map((value) => steps[high === low ? 0 : Math.round(((value - low) / (high - low)) * (steps.length - 1))])
    .join('');
}

function progress(share: number, width: number): string {
  const length = Math.max(10, width);
  const done = Math.round(Math.min(1, Math.max(0, share)) * length);
  return colors.cyan('━'.repeat(done)) + colors.dim('─'.repeat(length - done));
}

/** A bar in eighths of a character. */
function bar(share: number, width: number): string {
  const eighths = Math.max(1, Math.round(Math.min(1, share) * width * 8));
  const rest = eighths % 8;
  return '█'.repeat(Math.floor(eighths / 8)) + (rest === 0 ? '' : ' ▏▎▍▌▋▊▉'.charAt(rest));
}

/** Joins cells, fills up to the width, and colours: in that order, for escape codes have no width. */
function line(cells: readonly Cell[], width: number): string {
  const used = cells.reduce((sum, { text }) => sum + text.length, 0);
  const painted = cells.map(({ text, paint }) => (paint ? paint(text) : text)).join('');
  return painted + ' '.repeat(Math.max(0, width - used));
}
