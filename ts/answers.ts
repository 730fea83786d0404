/**
 * Answers as records, turned into plain objects: the same table as `native/node/src/answers.rs`.
 *
 * Objects are built here because V8 builds them ten times faster than native code can through Node-API.
 */

import { readDecimal, readFamiliar } from './decimals.ts';
import type { Refusal } from './errors.ts';
import { STP_MODES } from './records.ts';
import type {
  CancelResult,
  Fill,
  OrderResult,
  OrderStatus,
  StatusReason,
  SymbolInfo,
  TimeInForce,
} from './types.ts';

const PLACED = 224;
const FILL = 72;
const AVERAGE_EXTRA_SCALE = 4;
const ANSWERS_AT = 8;
const HEADER = 32;

/** Where an order stands, by the byte that says so. */
export const STATUSES: readonly OrderStatus[] = [
  'PENDING_TRIGGER',
  'NEW',
  'PARTIALLY_FILLED',
  'FILLED',
  'CANCELED',
  'EXPIRED',
];
/** Why it was canceled or expired. */
export const REASONS: readonly (StatusReason | null)[] = [
  null,
  'USER',
  'MASS',
  'DEADMAN',
  'OCO_SIBLING',
  'REPLACED',
  'ADMIN',
  'SYMBOL_CLOSED',
  'IOC_REMAINDER',
  'FOK_UNFILLABLE',
  'INSUFFICIENT_LIQUIDITY',
  'BUDGET_EXHAUSTED',
  'PRICE_PROTECTION',
  'GTD_EXPIRED',
  'SESSION_END',
  'TRIGGER_REJECTED',
  'STP',
];
const TIMES_IN_FORCE: readonly TimeInForce[] = ['GTC', 'IOC', 'FOK', 'GTD', 'DAY'];

/** The parts of the layout that a test compares with the native side's. */
export const ANSWER_LAYOUT = {
  statuses: STATUSES,
  reasons: REASONS,
  timesInForce: TIMES_IN_FORCE,
  stpModes: STP_MODES,
  answersAt: ANSWERS_AT,
  answerHeader: HEADER,
  placed: PLACED,
  fill: FILL,
  averageExtraScale: AVERAGE_EXTRA_SCALE,
} as const;

/** Bytes of the buffer, but for an answer that needs more. */
const SIZE = 64 * 1024;

const KIND = { json: 0, refused: 1, placed: 2, canceled: 3, halted: 4, raw: 5 } as const;
/** Bits of a placed or canceled order's flags; bits 1 and 2 are its kind, bits 5 to 7 its mode of STP. */
const FLAG = { sell: 1, postOnly: 8, duplicate: 16 } as const;

/** What to do with each answer. */
export interface AnswerSink {
  /** A call has its result. */
  resolve(ticket: number, result: unknown): void;
  /** A call was refused. */
  reject(ticket: number, refusal: Refusal): void;
  /** A call was answered, and the answer can't be read. */
  unreadable(ticket: number, cause: unknown): void;
  /** A raw batch is answered, all of it. */
  complete(batch: number): void;
  /** The engine has halted. */
  halt(why: Refusal): void;
}

/** Reads answers out of a buffer that the native side has filled. */
export class AnswerReader {
  /** What is filled. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(SIZE);
  #view = new DataView(this.bytes.buffer);
  readonly #symbolById: (id: number) => SymbolInfo;
  readonly #text = new TextDecoder();

  constructor(symbolById: (id: number) => SymbolInfo) {
    this.#symbolById = symbolById;
  }

  /** Makes room for an answer that needs a buffer of `length` bytes. */
  resize(length: number): void {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Gives back the room that a single large answer needed. */
  shrink(): void {
    if (this.bytes.length > SIZE) this.resize(SIZE);
  }

  /** True if there is something to be drained besides what was just read. */
  get hasNews(): boolean {
    return this.#view.getUint32(4, true) !== 0;
  }

  /** Hands on every answer that ends before `end`; true if there are more than fit. */
  read(end: number, sink: AnswerSink): boolean {
    const more = this.#view.getUint32(0, true) !== 0;
    for (let at = ANSWERS_AT; at < end; at += this.#view.getUint32(at, true)) {
      try {
        this.#read(at, sink);
      } catch (cause) {
        // Larger than a JavaScript string can be, for instance. The call's effects stand, and the others' answers.
        sink.unreadable(this.#view.getUint32(at + 4, true), cause);
      }
    }
    return more;
  }

  #read(at: number, sink: AnswerSink): void {
    const ticket = this.#view.getUint32(at + 4, true);
    const kind = this.bytes[at + 8];
    switch (kind) {
      case KIND.placed:
        sink.resolve(ticket, this.#placed(at));
        break;
      case KIND.canceled:
        sink.resolve(ticket, this.#canceled(at));
        break;
      case KIND.json:
        sink.resolve(ticket, this.#json(at));
        break;
      case KIND.refused:
        sink.reject(ticket, this.#json(at) as Refusal);
        break;
      case KIND.raw:
        sink.complete(ticket);
        break;
      case KIND.halted:
        sink.halt(this.#json(at) as Refusal);
        break;
      default:
        throw new Error(`unknown kind of answer ${kind}`);
    }
  }

  #placed(at: number): OrderResult {
    const symbol = this.#symbolById(this.#view.getUint32(at + 56, true));
    const flags = this.bytes[at + 11] ?? 0;
    const kind = (flags >> 1) & 3;
    const side = (flags & FLAG.sell) === 0 ? 'buy' : 'sell';
    const paysBase = side === 'buy' && symbol.feeMode === 'received';
    const feeAsset = paysBase ? symbol.base : symbol.quote;
    const feeScale = paysBase ? symbol.baseScale : symbol.quoteScale;
    const count = this.#view.getUint32(at + 12, true);
    const fills: Fill[] = [];
    for (let i = 0, from = at + PLACED; i < count; i += 1, from += FILL) {
      fills.push({
        tradeId: this.#view.getFloat64(from, true),
        price: readFamiliar(this.#view, from + 8, symbol.priceScale),
        quantity: readFamiliar(this.#view, from + 24, symbol.quantityScale),
        quoteQuantity: readDecimal(this.#view, from + 40, symbol.quoteScale),
        fee: readDecimal(this.#view, from + 56, feeScale),
        feeAsset,
        liquidity: 'taker',
      });
    }
    const reservedScale = side === 'buy' ? symbol.quoteScale : symbol.baseScale;
    const result: OrderResult = {
      orderId: this.#view.getFloat64(at + 32, true),
      accountId: this.#view.getFloat64(at + 40, true),
      symbol: symbol.name,
      side,
      type: kind === 0 ? 'limit' : 'market',
      timeInForce: TIMES_IN_FORCE[this.bytes[at + 60] ?? 0] ?? 'GTC',
      postOnly: (flags & FLAG.postOnly) !== 0,
      stp: STP_MODES[flags >> 5] ?? 'NONE',
      status: STATUSES[this.bytes[at + 9] ?? 0] ?? 'NEW',
      reason: REASONS[this.bytes[at + 10] ?? 0] ?? null,
      price: kind === 0 ? readFamiliar(this.#view, at + 64, symbol.priceScale) : null,
      quantity: kind === 2 ? null : readFamiliar(this.#view, at + 80, symbol.quantityScale),
      quoteQuantity: kind === 2 ? readDecimal(this.#view, at + 96, symbol.quoteScale) : null,
      filledQuantity: readFamiliar(this.#view, at + 112, symbol.quantityScale),
      filledQuote: readDecimal(this.#view, at + 128, symbol.quoteScale),
      averagePrice:
        count > 0 ? readDecimal(this.#view, at + 176, symbol.priceScale + AVERAGE_EXTRA_SCALE) : null,
      openQuantity: readFamiliar(this.#view, at + 144, symbol.quantityScale),
      preventedQuantity: readFamiliar(this.#view, at + 192, symbol.quantityScale),
      fee: { asset: feeAsset, amount: readDecimal(this.#view, at + 208, feeScale) },
      reserved: {
        asset: side === 'buy' ? symbol.quote : symbol.base,
        amount: readDecimal(this.#view, at + 160, reservedScale),
      },
      fills,
      seq: this.#view.getFloat64(at + 16, true),
      bookSeq: this.#view.getFloat64(at + 48, true),
      ts: this.#view.getFloat64(at + 24, true),
    };
    if ((flags & FLAG.duplicate) !== 0) result.duplicate = true;
    return result;
  }

  #canceled(at: number): CancelResult {
    const symbol = this.#symbolById(this.#view.getUint32(at + 56, true));
    const flags = this.bytes[at + 11] ?? 0;
    const side = (flags & FLAG.sell) === 0 ? 'buy' : 'sell';
    const releasedScale = side === 'buy' ? symbol.quoteScale : symbol.baseScale;
    const result: CancelResult = {
      orderId: this.#view.getFloat64(at + 32, true),
      symbol: symbol.name,
      side,
      status: 'CANCELED',
      canceledQuantity: readFamiliar(this.#view, at + 64, symbol.quantityScale),
      released: {
        asset: side === 'buy' ? symbol.quote : symbol.base,
        amount: readDecimal(this.#view, at + 80, releasedScale),
      },
      seq: this.#view.getFloat64(at + 16, true),
      bookSeq: this.#view.getFloat64(at + 48, true),
      ts: this.#view.getFloat64(at + 24, true),
    };
    if ((flags & FLAG.duplicate) !== 0) result.duplicate = true;
    return result;
  }

  #json(at: number): unknown {
    const length = this.#view.getUint32(at + 12, true);
    return JSON.parse(this.#text.decode(this.bytes.subarray(at + HEADER, at + HEADER + length)));
  }
}
