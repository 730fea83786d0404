/** The raw interface: integers in, integers out. */

import type { ErrorCode } from '../codes.ts';
import type { OrderStatus, StatusReason, StpMode, TimeInForce } from './orders.ts';

/** What a raw order may say besides the usual. */
export interface RawOrderOptions {
  /** How long; GTC for a limit order and IOC at market by default. */
  timeInForce?: Extract<TimeInForce, 'GTC' | 'IOC' | 'FOK'>;
  /** Only as a maker. */
  postOnly?: boolean;
  /** Self-trade prevention; the symbol's by default. */
  stp?: StpMode;
}

/** A fill of a raw order. */
export interface RawFill {
  /** 1, 2, 3 ... per symbol. */
  tradeId: number;
  /** The maker's price in ticks. */
  ticks: bigint;
  /** Base in lots. */
  lots: bigint;
  /** Quote in atoms. */
  quoteAtoms: bigint;
  /** The fee in atoms of its asset; negative is a rebate. */
  feeAtoms: bigint;
}

/** A result of a raw command. */
export interface RawResult {
  /** The command's tag. */
  tag: number;
  /** The code of a refusal; null for what was done. */
  code: ErrorCode | null;
  /** The order; 0 where there is none. */
  orderId: number;
  /** Where the order stands; null where there is none. */
  status: OrderStatus | null;
  /** Why it was canceled or has expired. */
  reason: StatusReason | null;
  /** Lots that were filled, or canceled. */
  quantity: bigint;
  /** Lots that are still open. */
  open: bigint;
  /** Atoms: quote traded, released by a cancel, or available after a deposit or withdrawal. */
  amount: bigint;
  /** The record of the log that says it. */
  seq: number;
  /** What was filled at once. */
  fills: RawFill[];
}
