/**
 * Recorded order flow: reads an event file of Bitstamp's order book and plays it through an engine.
 *
 * A line is `id,timestamp,exchange.timestamp,price,volume,action,direction`, volume in 10^-8 BTC. `created`
 * places a limit order, `deleted` cancels it. `changed` says that the venue filled a part of it; we do nothing
 * then, for the engine has to find the very same fill by itself. That makes a recording an oracle: whoever
 * matches by price and time gets the venue's fills out of the venue's orders.
 */

import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { type Engine, LightningError, type OrderResult } from '../index.ts';

/** One line of a recording. */
export interface BitstampEvent {
  /** The venue's order id. */
  id: string;
  /** When the recorder got it, in ms. */
  timestamp: number;
  /** In USD, for instance `236.47`. */
  price: string;
  /** What is left of the order, in 10^-8 BTC. */
  volume: bigint;
  action: 'created' | 'changed' | 'deleted';
  side: 'buy' | 'sell';
}

/** What a replay came to. */
export interface Replay {
  /** Events played. */
  events: number;
  /** Orders placed. */
  orders: number;
  /** Trades that the engine made of them. */
  trades: number;
  /** BTC traded. */
  base: string;
  /** Orders that ended with the very fill that the venue recorded: original volume less last recorded volume. */
  ordersAsVenue: number;
  /** Deletes of orders that the recording never creates: they are from before it began. */
  unknownCancels: number;
}

/** The symbol that the orders go to. */
export const BITSTAMP_SYMBOL = 'BTC-USD';

const ACTIONS = { created: 'created', changed: 'changed', deleted: 'deleted' } as const;
const SIDES = { bid: 'buy', ask: 'sell' } as const;

/** Reads a recording, `.xz`, `.gz` or plain, in the order in which it is to be played. */
export async function readBitstamp(path: string): Promise<BitstampEvent[]> {
  const content = await text(await open(path));
  const [head = '', ...lines] = content.trimEnd().split(/\r?\n/);
  if (head !== 'id,timestamp,exchange.timestamp,price,volume,action,direction') {
    throw new Error(
      `${path} is no Bitstamp event file: its first line is ${JSON.stringify(head.slice(0, 80))}`,
    );
  }
  const events = lines.map((line, index) => {
    const [id, timestamp, , price, volume, action, direction] = line.split(',');
    if (
      id === undefined ||
      price === undefined ||
      !/^\d+$/.test(timestamp ?? '') ||
      !/^\d+$/.test(volume ?? '') ||
      !isKey(ACTIONS, action) ||
      !isKey(SIDES, direction)
    ) {
      throw new Error(`${path}, line ${index + 2}: ${line}`);
    }
    return {
      id,
      timestamp: Number(timestamp),
      price,
      volume: BigInt(volume ?? ''),
      action: ACTIONS[action],
      side: SIDES[direction],
    };
  });
  // The sort is stable: events of the same millisecond stay in the order of the file.
  return events.sort((a, b) => a.timestamp - b.timestamp);
}

/**
 * Plays a recording through an engine that has no assets yet. Every order gets an account of its own, paid
 * exactly what the order needs, so that no order depends on another's money.
 */
export async function replayBitstamp(
  engine: Engine,
  events: readonly BitstampEvent[],
  onProgress?: (done: number) => void,
): Promise<Replay> {
  await engine.assets.create({ code: 'BTC', scale: 8 });
  // A tick of 0.01 times a lot of 10^-8 is 10^-10 USD: with ten decimals no trade ever rounds.
  await engine.assets.create({ code: 'USD', scale: 10 });
  await engine.symbols.create({
    name: BITSTAMP_SYMBOL,
    base: 'BTC',
    quote: 'USD',
    tickSize: '0.01',
    lotSize: '0.00000001',
  });
  const created = events.filter((event) => event.action === 'created');
  await fund(engine, created);

  const ours = new Set(created.map(({ id }) => id));
  const live = new Map<string, { accountId: number; orderId: number; volume: bigint }>();
  const filled = new Map<string, bigint>();
  let accountId = 0;
  let trades = 0;
  let base = 0n;
  let unknownCancels = 0;

  // One event at a time. The order of arrival is what decides who trades, and the accounts of two orders may be
  // served by two sequencers, which pass orders on to the book independently of each other: only an answer says
  // that an order has got its place in the queue. Calls of one account, or of an engine with one sequencer,
  // keep their order without waiting; a replay that must come out the same on any machine counts on neither.
  for (const [done, event] of events.entries()) {
    if (event.action === 'created') {
      accountId += 1;
      const result = await engine.placeOrder({
        accountId,
        symbol: BITSTAMP_SYMBOL,
        side: event.side,
        type: 'limit',
        price: event.price,
        quantity: btc(event.volume),
      });
      trades += result.fills.length;
      base += traded(result);
      live.set(event.id, { accountId, orderId: result.orderId, volume: event.volume });
    } else if (event.action === 'deleted') {
      const order = live.get(event.id);
      if (order !== undefined) {
        live.delete(event.id);
        filled.set(event.id, order.volume - (await cancel(engine, order)));
      } else if (!ours.has(event.id)) {
        unknownCancels += 1;
      }
      // Else the recorder got a delete twice, or before the order itself. Such an order rests to the end.
    }
    onProgress?.(done + 1);
  }

  const stillOpen = new Map((await engine.openOrders()).map((order) => [order.orderId, order]));
  for (const [id, { orderId, volume }] of live) {
    const open = stillOpen.get(orderId);
    filled.set(id, volume - (open === undefined ? 0n : units(open.openQuantity)));
  }
  const lastVolume = new Map(events.map(({ id, volume }) => [id, volume]));
  const asVenue = created.filter(({ id, volume }) => filled.get(id) === volume - (lastVolume.get(id) ?? 0n));
  return {
    events: events.length,
    orders: created.length,
    trades,
    base: btc(base),
    ordersAsVenue: asVenue.length,
    unknownCancels,
  };
}

/** Pays account 1, 2, 3 ... what the first, second, third ... order needs. Deposits do not depend on each other. */
async function fund(engine: Engine, created: readonly BitstampEvent[]): Promise<void> {
  const batch = 1024;
  for (let from = 0; from < created.length; from += batch) {
    await Promise.all(
      created.slice(from, from + batch).map(({ side, price, volume }, index) =>
        engine.accounts.deposit({
          accountId: from + index + 1,
          ...(side === 'sell'
            ? { asset: 'BTC', amount: btc(volume) }
            : { asset: 'USD', amount: decimal(cents(price) * volume, 10) }),
        }),
      ),
    );
  }
}

/** Cancels an order and returns what was left of it: nothing when it has been filled before. */
async function cancel(engine: Engine, order: { accountId: number; orderId: number }): Promise<bigint> {
  try {
    const { canceledQuantity } = await engine.cancelOrder({
      accountId: order.accountId,
      orderId: order.orderId,
    });
    return units(canceledQuantity);
  } catch (error) {
    // Closed long ago, it may have left the engine's memory of closed orders; it was ours, so it was filled.
    const gone = ['ORDER_ALREADY_CLOSED', 'UNKNOWN_ORDER'];
    if (error instanceof LightningError && gone.includes(error.code)) return 0n;
    throw error;
  }
}

function traded(result: OrderResult): bigint {
  return result.fills.reduce((sum, fill) => sum + units(fill.quantity), 0n);
}

/** A quantity of BTC in units of 10^-8. */
function units(quantity: string): bigint {
  return BigInt(quantity.replace('.', ''));
}

/** A price in cents, whether it is written 236, 236.4 or 236.47. */
function cents(price: string): bigint {
  const [dollars = '', fraction = ''] = price.split('.');
  return BigInt(dollars + fraction.padEnd(2, '0'));
}

function btc(volume: bigint): string {
  return decimal(volume, 8);
}

/** `atoms` * 10^-`scale` as text. */
function decimal(atoms: bigint, scale: number): string {
  const digits = atoms.toString().padStart(scale + 1, '0');
  return `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function isKey<T extends object>(table: T, key: string | undefined): key is keyof T & string {
  return key !== undefined && Object.hasOwn(table, key);
}

async function open(path: string): Promise<NodeJS.ReadableStream> {
  const file = createReadStream(path);
  // A pipeline, unlike `pipe`, passes on that the file cannot be read; whoever reads the end gets the error.
  if (path.endsWith('.gz')) return pipeline(file, createGunzip(), () => {});
  if (!path.endsWith('.xz')) return file;
  // Loaded only for such a file: decompression is a WebAssembly module, and Node has none of its own for xz.
  const { XzReadableStream } = await import('xz-decompress');
  return Readable.fromWeb(new XzReadableStream(Readable.toWeb(file)));
}
