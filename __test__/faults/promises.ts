/**
 * What an engine has promised, as its clients remember it: every call that was sent, every answer, everything that
 * was read. Kept by the test, outside the process under test; held against what a directory recovers to.
 */
import type { BookSnapshot, MyTrade, Order, OrderResult, RecoveryReport, Trade } from '../../index.ts';
import { toUnits } from '../helpers.ts';
import type { Line, Reading, Refused } from './child/protocol.ts';
import { type Command, EVERYBODY, SAVER, SCALE, SYMBOLS } from './commands.ts';

/** A call, and what is known of it. */
export interface Sent {
  command: Command;
  /** Was it one of several in flight? Then the balances in its answer are a moment's, and no other's. */
  crowded: boolean;
  /** Its answer, or its refusal, if it came. */
  answer?: object;
  error?: Refused;
}

/** The end of an engine: nothing of this is an answer of the exchange. */
export const BROKEN: ReadonlySet<string> = new Set([
  'OUTCOME_UNKNOWN',
  'JOURNAL_IO',
  'STORAGE_FULL',
  'INTERNAL',
  'ENGINE_CLOSED',
  'CORRUPT_STATE',
]);

/** The books. */
export class Promises {
  /** By key. */
  readonly sent = new Map<string, Sent>();
  /** What all orders seen are called: an id stands for one order, for ever. */
  readonly #names = new Map<number, string>();
  /** Trades seen, by symbol and id. */
  readonly #trades = new Map<string, string>();
  /** The furthest that each order was seen. */
  readonly #orders = new Map<number, Order>();
  readonly #books = new Map<string, BookSnapshot>();
  #saved = new Map<string, bigint>();
  #totals = new Map<string, bigint>();
  /** What was read at rest, with nothing sent since. */
  quiet: Reading | undefined;
  /** The newest record that somebody has been told of. */
  seq = 0;
  /** How many engines have opened the directory, as far as was told. */
  incarnation = 0;
  /** The state that the engine was closed with, if it was, and nothing happens by itself. */
  closedAs: string | undefined;
  /** What is wrong with what was said: contradictions within it. */
  readonly wrong: string[] = [];

  /** Takes down what a child has said. `commands` are those it may have made. */
  hear(lines: readonly Line[], commands: ReadonlyMap<string, Command>, crowded: boolean): void {
    for (const line of lines) {
      switch (line.say) {
        case 'opened':
          if (line.recovery) this.opened(line.recovery);
          break;
        case 'sent': {
          this.quiet = undefined;
          const command = commands.get(line.key);
          if (!command) throw new Error(`the child has made a call that it was not told to: ${line.key}`);
          if (!this.sent.has(line.key)) this.sent.set(line.key, { command, crowded });
          break;
        }
        case 'ok':
          this.answered(line.key, line.answer);
          break;
        case 'no':
          if (!BROKEN.has(line.error.code)) this.refused(line.key, line.error);
          break;
        case 'read':
          this.#read(line);
          break;
        case 'quiet':
          this.#readAll(line.reading);
          this.quiet = line.reading;
          break;
        default:
      }
    }
  }

  /** An engine was opened. */
  opened({ incarnation, stateHash, seq }: RecoveryReport): void {
    if (incarnation <= this.incarnation)
      this.wrong.push(`opening number ${incarnation} after number ${this.incarnation}`);
    this.incarnation = incarnation;
    if (seq < this.seq) this.wrong.push(`record ${this.seq} was promised, recovery ends with ${seq}`);
    if (this.closedAs !== undefined && this.closedAs !== stateHash)
      this.wrong.push(`closed with state ${this.closedAs}, opened again with ${stateHash}`);
    this.closedAs = undefined;
  }

  /** A call has an answer. If it had one before, they must be equal. */
  answered(key: string, answer: object): void {
    const sent = this.#of(key);
    const { seq } = answer as { seq?: number };
    this.seq = Math.max(this.seq, seq ?? 0);
    if (sent.answer) {
      const [first, again] = [said(sent, sent.answer), said(sent, answer)];
      if (!('duplicate' in answer)) this.wrong.push(`${key} was done twice: ${again}; first ${first}`);
      else if (first !== again) this.wrong.push(`${key} is now answered ${again}; first ${first}`);
      return;
    }
    if (sent.error) this.wrong.push(`${key} was refused with ${sent.error.code}, and now is answered`);
    sent.answer = answer;
    for (const order of ordersIn(answer)) this.#nameOf(order.orderId, order.clientOrderId ?? 'none');
    for (const { symbol, fills } of ordersIn(answer))
      for (const { tradeId, price, quantity, quoteQuantity } of fills)
        this.#trade(symbol, tradeId, [price, quantity, quoteQuantity].join(' '));
  }

  /** A call was refused. */
  refused(key: string, error: Refused): void {
    const sent = this.#of(key);
    if (sent.answer) this.wrong.push(`${key} is now refused with ${error.code}; first it was done`);
    else if (isHalfDone(sent) && said(sent, sent.error!) !== said(sent, error))
      this.wrong.push(`${key} is now refused as ${said(sent, error)}; first ${said(sent, sent.error!)}`);
    else sent.error ??= error;
  }

  /** Holds what was recovered, before anything else is done with it, against all that was read. */
  holdAgainst(now: Reading, exactly: boolean): void {
    const before = this.wrong.length;
    const seen = { orders: new Map(this.#orders), books: new Map(this.#books) };
    this.#readAll(now);
    for (const [index, symbol] of SYMBOLS.entries()) {
      const ids = now.trades[index]!.map(({ tradeId }) => tradeId);
      if (ids.some((id, i) => id !== i + 1)) this.wrong.push(`${symbol}: trade ids have holes: ${ids}`);
      const known = [...this.#trades.keys()].filter((key) => key.startsWith(`${symbol} `)).length;
      if (known > ids.length)
        this.wrong.push(`${symbol}: ${known} trades were seen, there are ${ids.length}`);
      const [was, is] = [seen.books.get(symbol), now.books[index]!];
      if (was && was.seq > is.seq)
        this.wrong.push(`${symbol}: book ${was.seq} was read, there is only ${is.seq}`);
    }
    if (exactly && this.quiet) {
      for (const part of ['balances', 'openOrders', 'books', 'trades', 'conservation'] as const) {
        const [was, is] = [this.quiet[part], now[part]].map((value) => JSON.stringify(value));
        if (was !== is) this.wrong.push(`${part}, read at rest: ${was}\nrecovered: ${is}`);
      }
      if (this.quiet.state?.hash !== now.state?.hash)
        this.wrong.push(`state ${this.quiet.state?.hash} at rest, ${now.state?.hash} recovered`);
    }
    if (this.wrong.length > before) this.wrong.push('^ what was read is contradicted');
  }

  /** The money of everybody, to the atom: what was put in, taken out, sent and traded, and nothing else. `done`: these calls. */
  holdMoneyAgainst(now: Reading, myTrades: readonly MyTradeOf[], done: Iterable<Sent>): void {
    const expected = new Map<string, bigint>();
    const add = (accountId: number, asset: string, change: bigint) => {
      const key = `${accountId} ${asset}`;
      expected.set(key, (expected.get(key) ?? 0n) + change);
    };
    for (const { command, answer } of done) {
      const [given] = command.given as [Record<string, never>];
      const amount = () => toUnits(String(given['amount']), SCALE);
      if (!answer) continue;
      if (command.call === 'deposit') add(given['accountId']!, given['asset']!, amount());
      if (command.call === 'withdraw') add(given['accountId']!, given['asset']!, -amount());
      if (command.call === 'transfer') {
        add(given['from']!, given['asset']!, -amount());
        add(given['to']!, given['asset']!, amount());
      }
      if (command.call === 'collectFees')
        for (const { asset, amount: fees } of (answer as { fees: { asset: string; amount: string }[] }).fees)
          add(given['accountId']!, asset, toUnits(fees, SCALE));
    }
    for (const { accountId, trade } of myTrades) {
      const [base, quote] = trade.symbol.split('-') as [string, string];
      const sign = trade.side === 'buy' ? 1n : -1n;
      add(accountId, base, sign * toUnits(trade.quantity, SCALE));
      add(accountId, quote, -sign * toUnits(trade.quoteQuantity, SCALE));
      add(accountId, trade.feeAsset, -signed(trade.fee));
    }
    for (const accountId of EVERYBODY)
      for (const { asset, total } of now.balances[accountId]!) {
        const due = expected.get(`${accountId} ${asset}`) ?? 0n;
        if (toUnits(total, SCALE) !== due)
          this.wrong.push(`account ${accountId} has ${total} ${asset}; it should have ${due} atoms`);
      }
    for (const line of now.conservation)
      if (!line.holds) this.wrong.push(`conservation of ${line.asset}: ${JSON.stringify(line)}`);
  }

  /** Forgets nothing, but says what was wrong since the last time. */
  takeWrong(): string[] {
    return this.wrong.splice(0);
  }

  #of(key: string): Sent {
    const sent = this.sent.get(key);
    if (!sent) throw new Error(`${key} has an answer and was never sent`);
    return sent;
  }

  #readAll(reading: Reading): void {
    this.#read({ say: 'read', what: 'saver', value: reading.balances[SAVER]! });
    this.#read({ say: 'read', what: 'conservation', value: reading.conservation });
    for (const value of reading.openOrders) this.#read({ say: 'read', what: 'order', value });
    for (const value of reading.books) this.#read({ say: 'read', what: 'book', value });
    for (const value of reading.trades) this.#read({ say: 'read', what: 'trades', value });
    this.seq = Math.max(this.seq, reading.state?.seq ?? 0);
  }

  #read(line: Line & { say: 'read' }): void {
    switch (line.what) {
      case 'durable':
        this.seq = Math.max(this.seq, line.value);
        break;
      case 'trades':
        for (const trade of line.value) this.#trade(trade.symbol, trade.tradeId, figures(trade));
        break;
      case 'book':
        this.#book(line.value);
        break;
      case 'order':
        this.order(line.value);
        break;
      case 'saver':
        for (const { asset, total } of line.value) this.#grows(this.#saved, `the saver's ${asset}`, total);
        break;
      case 'conservation':
        for (const { asset, deposited, withdrawn } of line.value) {
          this.#grows(this.#totals, `all deposits of ${asset}`, deposited);
          this.#grows(this.#totals, `all withdrawals of ${asset}`, withdrawn);
        }
        break;
    }
  }

  #grows(figures: Map<string, bigint>, what: string, figure: string): void {
    const [was, is] = [figures.get(what) ?? 0n, toUnits(figure, SCALE)];
    if (is < was) this.wrong.push(`${what} were ${was} atoms once, and are ${is}`);
    figures.set(what, is);
  }

  #trade(symbol: string, tradeId: number, trade: string): void {
    const key = `${symbol} ${tradeId}`;
    const was = this.#trades.get(key) ?? trade;
    if (was !== trade) this.wrong.push(`trade ${key} was ${was}, and is ${trade}`);
    this.#trades.set(key, was);
  }

  #book(book: BookSnapshot): void {
    const was = this.#books.get(book.symbol);
    if (was && was.seq === book.seq && JSON.stringify(was) !== JSON.stringify(book))
      this.wrong.push(`book ${book.seq} was ${JSON.stringify(was)}, and is ${JSON.stringify(book)}`);
    // Reads of several clients may overtake each other on their way here.
    if (!was || was.seq < book.seq) this.#books.set(book.symbol, book);
  }

  #nameOf(orderId: number, name: string): void {
    const was = this.#names.get(orderId) ?? name;
    if (was !== name) this.wrong.push(`order ${orderId} was ${was}, and now is ${name}`);
    this.#names.set(orderId, was);
  }

  /** Orders that somebody has read. */
  readOrders(): number[] {
    return [...this.#orders.keys()];
  }

  /** An order was read. */
  order(order: Order): void {
    this.#nameOf(order.orderId, order.clientOrderId ?? 'none');
    const was = this.#orders.get(order.orderId);
    if (was && isClosed(was)) {
      if (JSON.stringify(was) !== JSON.stringify(order))
        this.wrong.push(
          `order ${order.orderId} was closed as ${JSON.stringify(was)}, and is ${JSON.stringify(order)}`,
        );
      return;
    }
    this.#orders.set(order.orderId, order);
  }
}

/** Was it a cancel-replace of which one half was done? That is an answer: it stays what it is. */
export function isHalfDone({ error }: Sent): boolean {
  return error?.code === 'REPLACE_PARTIALLY_FAILED';
}

/** A trade of an account, as `myTrades` tells it. */
export interface MyTradeOf {
  accountId: number;
  trade: MyTrade;
}

function isClosed({ status }: Order): boolean {
  return ['FILLED', 'CANCELED', 'EXPIRED'].includes(status);
}

function figures({ price, quantity, quoteQuantity }: Trade): string {
  return [price, quantity, quoteQuantity].join(' ');
}

function signed(amount: string): bigint {
  return amount.startsWith('-') ? -toUnits(amount.slice(1), SCALE) : toUnits(amount, SCALE);
}

/** The orders that an answer has made. */
function ordersIn(answer: object): OrderResult[] {
  const { limit, stop, placed } = answer as Record<string, OrderResult | undefined>;
  const direct = 'orderId' in answer && 'fills' in answer ? [answer as OrderResult] : [];
  return [...direct, limit, stop, placed].filter((order) => order !== undefined);
}

/**
 * What of an answer has to stay the same: all of it, but for what depends on what else was under way. That is balances,
 * and of answers for which several shards come together, the record that they were shown behind.
 */
function said({ command: { call }, crowded }: Sent, answer: object): string {
  const moment = new Set(['duplicate']);
  if (crowded) for (const field of ['total', 'available', 'frozen', 'held', 'openOrders']) moment.add(field);
  if (crowded && (call === 'transfer' || call === 'cancelAll')) moment.add('seq');
  return JSON.stringify(answer, (key, value: unknown) => (moment.has(key) ? undefined : value));
}
