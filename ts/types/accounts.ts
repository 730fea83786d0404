/** Accounts: their money, their terms, their ledger. */

import type { Decimal, DecimalInput, FeeRates, Idempotent, Money, SignedDecimal, Stamp } from './common.ts';

/** A deposit, a withdrawal, a hold or a release. */
export interface FundsRequest extends Idempotent {
  /** Whose: 1 to 2^53 - 1, your own numbering. The first deposit makes the account. */
  accountId: number;
  /** The asset's code. */
  asset: string;
  /** How much; more than zero. */
  amount: DecimalInput;
}

/** A transfer from one account to another. */
export interface TransferRequest extends Idempotent {
  /** From whose available balance. */
  from: number;
  /** To whom: an account that exists, and another one. */
  to: number;
  /** The asset's code. */
  asset: string;
  /** How much; more than zero. */
  amount: DecimalInput;
}

/** An account's money of one asset. `total` = `available` + `frozen`. */
export interface Balance {
  /** The asset's code. */
  asset: string;
  /** All of it. */
  total: Decimal;
  /** Free to withdraw or to order with. */
  available: Decimal;
  /** Reserved for open orders, or held. */
  frozen: Decimal;
  /** The part of `frozen` that is held for a purpose outside the exchange (`accounts.hold`). */
  held: Decimal;
}

/** The balance after a deposit, a withdrawal, a transfer (the sender's), a hold or a release. */
export interface BalanceChange extends Balance, Stamp {
  /** Whose. */
  accountId: number;
}

/**
 * What an account may do.
 * - `ACTIVE`: everything.
 * - `CANCEL_ONLY`: no new orders, amends or replaces (`PERMISSION_DENIED`).
 * - `SUSPENDED`: neither those nor withdrawals, transfers out or holds (`ACCOUNT_SUSPENDED`).
 * - `CLOSED`: nothing, for ever (`ACCOUNT_CLOSED`).
 */
export type AccountStatus = 'ACTIVE' | 'CANCEL_ONLY' | 'SUSPENDED' | 'CLOSED';

/** What an account is allowed to do while its status does not forbid it anyway. */
export interface Permissions {
  /** Place, amend and replace orders. */
  trade: boolean;
  /** Withdraw, transfer out and hold. */
  withdraw: boolean;
}

/** A token bucket: each new order takes a token; without one it is refused with `RATE_LIMITED`. */
export interface RateLimit {
  /** Tokens that come back per second, 1 to 1,000,000. */
  perSecond: number;
  /** Tokens there may be at once, 1 to 1,000,000. */
  burst: number;
}

/** An account's own fee rates. */
export interface AccountFees extends FeeRates {
  /** On which symbol; null: on all where it has no others. */
  symbol: string | null;
}

/** An account's terms. */
export interface AccountInfo extends Stamp {
  /** Whose. */
  accountId: number;
  /** What it may do. */
  status: AccountStatus;
  /** What it is allowed to do. */
  permissions: Permissions;
  /** Accounts of the same group don't trade with each other; null: in none. */
  stpGroup: number | null;
  /** Its own fee rates; where there are none, the symbol's count. */
  fees: AccountFees[];
  /** How many orders it may place per time; null: no limit. */
  rateLimit: RateLimit | null;
  /** When its dead-man timer runs out (`cancelAllAfter`); null: it is not set. */
  cancelAllAt: number | null;
  /** Its open orders, those that wait for a trigger included. */
  openOrders: number;
}

/** Why a balance changed. */
export type LedgerEntryType =
  | 'DEPOSIT'
  | 'WITHDRAWAL'
  | 'TRANSFER_IN'
  | 'TRANSFER_OUT'
  | 'HOLD'
  | 'RELEASE'
  | 'FREEZE'
  | 'UNFREEZE'
  | 'TRADE'
  | 'FEE'
  | 'FEES_COLLECTED';

/** One change of one balance. */
export interface LedgerEntry {
  /** Its number; a later entry of the same account has a higher one. */
  entryId: number;
  /** The asset's code. */
  asset: string;
  /** Why: `FREEZE` and `UNFREEZE` are orders' reservations, `TRADE` is before fees. */
  type: LedgerEntryType;
  /** The order that it was for; null if for none. */
  orderId: number | null;
  /** Change of the available balance. */
  availableChange: SignedDecimal;
  /** Change of the frozen balance. */
  frozenChange: SignedDecimal;
  /** Available after it. */
  available: SignedDecimal;
  /** Frozen after it. */
  frozen: SignedDecimal;
  /** The place in the engine's log of what caused it. */
  seq: number;
  /** When. */
  ts: number;
}

/** Which ledger entries. */
export interface LedgerFilter {
  /** Only those of this asset. */
  asset?: string;
  /** At most so many in all; without, all that are still remembered. */
  limit?: number;
}

/** Who collects which fees. */
export type CollectFeesRequest =
  | (Idempotent & {
      /** To whom: an account that exists. */
      accountId: number;
      /** From which symbol. */
      symbol: string;
    })
  | {
      /** To whom: an account that exists. */
      accountId: number;
      /** From all symbols without, one after the other, which one request id can't stand for. */
      symbol?: never;
      requestId?: never;
      requestLane?: never;
    };

/** Fees that were moved to an account. */
export interface CollectedFees extends Stamp {
  /** To whom. */
  accountId: number;
  /** How much, per asset; nothing of an asset of which nothing had accrued. */
  fees: Money[];
}

/** Sets or disarms an account's dead-man timer. */
export interface CancelAllAfterRequest extends Idempotent {
  /** Whose. */
  accountId: number;
  /** In how many milliseconds everything is canceled, unless this is called again before; 0 disarms. */
  timeoutMs: number;
}

/** A dead-man timer. */
export interface CancelTimer extends Stamp {
  /** Whose. */
  accountId: number;
  /** When everything is canceled; null: the timer is disarmed. */
  cancelAllAt: number | null;
}
