// Generated from index.ts by `npm run build:ts`; do not edit.
/** What every part of the vocabulary is made of. */
/** A decimal number as text, for instance `'0.10'`. Never a float: money is exact here. */
type Decimal = string;
/**
 * A decimal number with a sign, for instance `'-0.50'`: what can be paid or received. A fee is positive, a
 * rebate negative.
 */
type SignedDecimal = string;
/**
 * A decimal going in: a string of plain digits, or a number that is exact. A number counts as what it prints
 * as, so `0.1` is exactly 0.1; one of more than 15 digits is refused (but for integers up to 2^53), so
 * `0.1 + 0.2` (0.30000000000000004) is.
 */
type DecimalInput = string | number;
/** An amount of an asset. */
interface Money {
    /** The asset's code. */
    asset: string;
    /** How much. */
    amount: Decimal;
}
/** A fee, or with a minus sign a rebate. */
interface Fee {
    /** The code of the asset it is paid in. */
    asset: string;
    /** How much; `'-0.50'` is a rebate. */
    amount: SignedDecimal;
}
/** Fee rates in parts per million: 750 is 0.075 %. */
interface FeeRates {
    /** Of an order that rests: -1,000,000 to 1,000,000; negative is a rebate. */
    makerPpm: number;
    /** Of an order that takes: 0 to 1,000,000. */
    takerPpm: number;
}
/**
 * Makes a call idempotent: sent again with the same number and the same words, it is answered like the first
 * time, with `duplicate: true`, and nothing is done.
 *
 * Each lane of an account remembers the 1,024 numbers up to the highest it has seen. A refusal by the account
 * or the book is remembered, too; what is refused for its words alone uses no number up.
 */
interface Idempotent {
    /**
     * Your number for this call, 1 to 2^53 - 1, best counting up. Below the window: `REQUEST_ID_TOO_OLD`; used for
     * a different call: `REQUEST_ID_CONFLICT`.
     */
    requestId?: number;
    /** Which of the account's series of numbers, 0 to 2^32 - 1; default 0. One per process that sends, for instance. */
    requestLane?: number;
}
/** Makes an operator's call idempotent. */
interface AdminOptions {
    /**
     * Your number for this call, 1 to 2^53 - 1, unique among the operator's calls: sent again with the same words,
     * it is answered like the first time, with `duplicate: true`; with others it is a `REQUEST_ID_CONFLICT`.
     */
    requestId?: number;
}
/** What an answer to a call with a request id may say besides. */
interface MaybeDuplicate {
    /** Present, and true, if this is the answer to an earlier call of the same request id: nothing was done. */
    duplicate?: true;
}
/** What every answer to a change says. */
interface Stamp extends MaybeDuplicate {
    /** The change's place in the engine's log. */
    seq: number;
    /** When, in milliseconds since 1970. */
    ts: number;
}

/** Accounts: their money, their terms, their ledger. */

/** A deposit, a withdrawal, a hold or a release. */
interface FundsRequest extends Idempotent {
    /** Whose: 1 to 2^53 - 1, your own numbering. The first deposit makes the account. */
    accountId: number;
    /** The asset's code. */
    asset: string;
    /** How much; more than zero. */
    amount: DecimalInput;
}
/** A transfer from one account to another. */
interface TransferRequest extends Idempotent {
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
interface Balance {
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
interface BalanceChange extends Balance, Stamp {
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
type AccountStatus = 'ACTIVE' | 'CANCEL_ONLY' | 'SUSPENDED' | 'CLOSED';
/** What an account is allowed to do while its status does not forbid it anyway. */
interface Permissions {
    /** Place, amend and replace orders. */
    trade: boolean;
    /** Withdraw, transfer out and hold. */
    withdraw: boolean;
}
/** A token bucket: each new order takes a token; without one it is refused with `RATE_LIMITED`. */
interface RateLimit {
    /** Tokens that come back per second, 1 to 1,000,000. */
    perSecond: number;
    /** Tokens there may be at once, 1 to 1,000,000. */
    burst: number;
}
/** An account's own fee rates. */
interface AccountFees extends FeeRates {
    /** On which symbol; null: on all where it has no others. */
    symbol: string | null;
}
/** An account's terms. */
interface AccountInfo extends Stamp {
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
type LedgerEntryType = 'DEPOSIT' | 'WITHDRAWAL' | 'TRANSFER_IN' | 'TRANSFER_OUT' | 'HOLD' | 'RELEASE' | 'FREEZE' | 'UNFREEZE' | 'TRADE' | 'FEE' | 'FEES_COLLECTED';
/** One change of one balance. */
interface LedgerEntry {
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
interface LedgerFilter {
    /** Only those of this asset. */
    asset?: string;
    /** At most so many in all; without, all that are still remembered. */
    limit?: number;
}
/** Who collects which fees. */
type CollectFeesRequest = (Idempotent & {
    /** To whom: an account that exists. */
    accountId: number;
    /** From which symbol. */
    symbol: string;
}) | {
    /** To whom: an account that exists. */
    accountId: number;
    /** From all symbols without, one after the other, which one request id can't stand for. */
    symbol?: never;
    requestId?: never;
    requestLane?: never;
};
/** Fees that were moved to an account. */
interface CollectedFees extends Stamp {
    /** To whom. */
    accountId: number;
    /** How much, per asset; nothing of an asset of which nothing had accrued. */
    fees: Money[];
}
/** Sets or disarms an account's dead-man timer. */
interface CancelAllAfterRequest extends Idempotent {
    /** Whose. */
    accountId: number;
    /** In how many milliseconds everything is canceled, unless this is called again before; 0 disarms. */
    timeoutMs: number;
}
/** A dead-man timer. */
interface CancelTimer extends Stamp {
    /** Whose. */
    accountId: number;
    /** When everything is canceled; null: the timer is disarmed. */
    cancelAllAt: number | null;
}

/** What is kept on disk, and what an engine says about it. */
/**
 * When a call is answered.
 * - `'sync'`: when everything that the answer shows is synced to the disk. Survives `kill -9` and a power failure.
 * - `'written'`: when it is handed to the operating system, which is told to sync every 50 ms. Survives `kill -9`; a
 *   power failure or a crash of the system takes the last moments along.
 * - `'volatile'`: at once, because nothing is kept. What an engine without a `dataDir` is, and only that.
 */
type Durability = 'sync' | 'written' | 'volatile';
/**
 * What becomes of log segments that no kept snapshot needs any more.
 * - `'keep'`: they stay where they are.
 * - `'archive'`: they are moved to `archive/` in the data directory, for you to take elsewhere.
 * - `'remove'`: they are deleted; {@link Engine.audit} and `verify({ from: 'genesis' })` reach as far back as what is
 *   left.
 */
type Retention = 'keep' | 'archive' | 'remove';
/** When snapshots are taken, and how many are kept. */
interface SnapshotOptions {
    /**
     * A snapshot every so many records of the log, taken by a thread in the background; 0: only when
     * {@link Engine.snapshot} asks for one. Default 2,000,000. Opening replays at most about as many.
     */
    everyRecords?: number;
    /** So many snapshots are kept, 2 at least; default 3. Older ones are deleted. */
    keep?: number;
}
/** How far an opening is: see `onRecovery` in {@link EngineConfig}. */
interface RecoveryProgress {
    /** What is being done. */
    phase: RecoveryPhase;
    /** Records handled so far in this phase. */
    records: number;
    /** Bytes of files handled so far in this phase. */
    bytes: number;
    /** Of so many bytes; 0 where nobody knows. */
    bytesTotal: number;
}
/**
 * What an opening is doing.
 * - `'check'`: reading the files; checksums and the chain of hashes. It goes on during `'replay'`, and is told of by turns.
 * - `'snapshot'`: loading the newest snapshot.
 * - `'replay'`: doing again what the log says happened after it.
 * - `'prove'`: adding everything up, and hashing it.
 */
type RecoveryPhase = 'check' | 'snapshot' | 'replay' | 'prove';
/** A group of records that a crash cut short while it was being written. Nobody was ever told of it. */
interface TornFrame {
    /** The log file it was the end of. */
    file: string;
    /** Where in it, in bytes. */
    offset: number;
    /** The `seq` of its first record, which is given to another record from now on. */
    seq: number;
    /** How many bytes; they are kept in a file `torn-<seq>.bin`. */
    bytes: number;
}
/** What was found when the engine was opened. */
interface RecoveryReport {
    /** True if the directory was empty. */
    isNew: boolean;
    /** How many times the directory has been opened, this time included. */
    incarnation: number;
    /** The `seq` of the snapshot that recovery began with; null: none, the log was replayed from its beginning. */
    snapshotSeq: number | null;
    /** Records replayed. */
    records: number;
    /** The newest record found; `seq` goes on behind it. */
    seq: number;
    /** What was dropped at the end of the log; null: nothing, it ended as it should. */
    torn: TornFrame | null;
    /** What was wrong and could be done without: a damaged snapshot, for instance. Look into each. */
    warnings: string[];
    /** The hash of the recovered state, as {@link Engine.stateHash} gives it. */
    stateHash: string;
    /** How long it took, in milliseconds. */
    ms: number;
}
/** The hash of everything that an engine knows: balances, orders, books, rules. */
interface StateHash {
    /** The newest record that is in it. */
    seq: number;
    /** 64 hexadecimal digits (BLAKE3). */
    hash: string;
}
/** A snapshot that was taken. */
interface SnapshotInfo {
    /** The newest record that is in it. */
    seq: number;
    /** Its file's name in the data directory. */
    file: string;
    /** The hash of the state in it, as {@link Engine.stateHash} gives it. */
    stateHash: string;
    /** Its size in bytes. */
    bytes: number;
    /** How long it took, in milliseconds. */
    ms: number;
}
/** What a verification found: everything is as it was written, or it would have been refused. */
interface VerifyReport {
    /** The newest record. */
    seq: number;
    /**
     * The hash of the log's end. Every group of records has the hash of the one before it in its own, so that this one
     * stands for all of them: noted down elsewhere, it tells later whether anything before was changed.
     */
    headHash: string;
    /** The hash of the state that the records lead to, as {@link Engine.stateHash} gives it. */
    stateHash: string;
    /** The `seq` of the snapshot that it began with; null: none, every record was done again. */
    snapshotSeq: number | null;
    /** Records that were done again. */
    records: number;
    /** Groups of records in all files. */
    frames: number;
    /** Bytes in all files. */
    bytes: number;
    /** Files of the log. */
    segments: number;
    /** The `seq` of each snapshot that was compared with what the records lead to, the newest first. */
    snapshots: number[];
    /** What is wrong and can be done without. */
    warnings: string[];
    /** How long it took, in milliseconds. */
    ms: number;
}
/** Which records {@link Engine.audit} reads. */
interface AuditFilter {
    /** The first record; default: the oldest that there is. */
    fromSeq?: number;
    /** The last record; default: the newest when the reading begins. */
    toSeq?: number;
    /** Only records that changed something of this account. */
    accountId?: number;
}
/**
 * Something that a record led to:
 * - `Trade`: with both orders, both accounts and both fees.
 * - `Settled`: how far an order is after it.
 * - `BalanceChanged`: what an account has after it.
 * - `Credited`: fees that were collected into an account.
 * - `Amended`, `AmendRefused`, `ReservationMoved`: what became of an amend or a replacement.
 * - `TermsChanged`, `TimerSet`: of an account.
 * - `Refused`: the book said no.
 */
interface AuditEvent {
    /** What kind of thing. */
    event: string;
    /** What exactly; which fields there are depends on the event. Prices, quantities and amounts are decimals. */
    [field: string]: unknown;
}
/** A record of the log: what was decided, and everything that it led to. */
interface AuditRecord {
    /** Its place in the log: that of the answers it led to. */
    seq: number;
    /** When it was decided, in milliseconds since 1970. */
    ts: number;
    /** What kind of record, for instance `'Place'`. */
    kind: string;
    /** What was asked; which fields there are depends on the kind. Prices, quantities and amounts are decimals. */
    command: Record<string, unknown>;
    /** What it led to, in this order. */
    events: AuditEvent[];
    /** The hash of the log up to the group of records that this one was written with: 64 hexadecimal digits. */
    frameHash: string;
}
/** The log of an engine with a `dataDir`, in its {@link EngineStats}. */
interface JournalStats {
    /** Bytes written since the engine was opened. */
    bytes: number;
    /** Bytes that were decided and are not written yet. */
    backlogBytes: number;
    /** Log files prepared for when the present one is full. */
    segmentsPrepared: number;
    /**
     * Is there room on the disk?
     * - `'plenty'`: yes.
     * - `'low'`: no; what is not a cancel is refused with `STORAGE_FULL` until there is again.
     * - `'full'`: what is left is kept for closing: the engine halts.
     */
    room: 'plenty' | 'low' | 'full';
}

/** How an engine is opened, and what it says about itself. */

/** How an engine is opened. Everything has a default. */
interface EngineConfig {
    /**
     * The directory that everything is kept in; made if it does not exist, and recovered from if it does. One engine at
     * a time may have it open (`DATA_DIR_LOCKED`). Default: none, everything is in memory and closing forgets it.
     */
    dataDir?: string;
    /**
     * When a call is answered: see {@link Durability}. With a `dataDir` `'sync'` (default) or `'written'`, without
     * `'volatile'`.
     */
    durability?: Durability;
    /** When snapshots are taken, and how many are kept. They are what makes opening fast. */
    snapshot?: SnapshotOptions;
    /** What becomes of log files that no snapshot needs any more; default `'keep'`: nothing is ever deleted. */
    retention?: Retention;
    /**
     * Bytes of a log file, 1,048,576 (1 MiB) at least; default 67,108,864 (64 MiB). Up to four of them are made in
     * advance and filled with zeros, so that no answer ever waits for a file to grow: an empty data directory takes that
     * much room.
     */
    segmentBytes?: number;
    /** Called with how far the opening is, at most about ten times a second. Opening waits for nothing of it. */
    onRecovery?: (progress: RecoveryProgress) => void;
    /**
     * Where the shards run.
     * - `'auto'` (default): threads of their own, as many as the cores suggest.
     * - `'inline'`: in the calling thread. No hand-off between threads: the lowest latency for one caller, and
     *   the same results for the same calls, always. For backtests, tests and simulators.
     * - an object: so many shards of each kind, 1 to 10; with `inline: true` in the calling thread all the same.
     */
    threads?: 'auto' | 'inline' | {
        sequencers?: number;
        matchers?: number;
        inline?: boolean;
    };
    /**
     * What time it is for the engine: what orders expire by, sessions end by and every `ts` says.
     * - `'system'` (default): the system's clock.
     * - `'manual'`: stands still, at 0 (1970) in the beginning, and moves only with {@link Engine.advance}: for
     *   backtests and tests.
     * - `{ manual: startMs }`: the same, beginning at a time in milliseconds since 1970.
     */
    clock?: 'system' | 'manual' | {
        manual: number;
    };
    /** What is kept for reading back. */
    history?: {
        /**
         * Trades per symbol, for `trades` and `myTrades`; default 10,000. Streams of trades are told from them, too: who falls
         * behind by more has a gap, and with 0 there is nothing but gaps.
         */
        tradesPerSymbol?: number;
        /**
         * Candles per symbol, for `klines`: 0 to 100 times the usual number, which is that of 3,600 seconds, 10,080 minutes
         * (a week), 17,520 hours (two years) and 7,300 days (twenty years) in which something was traded, and takes up to
         * 4.9 MB. Of 0 times, only the minutes of the last 24 hours. Default 1.
         */
        klines?: number;
        /** Closed orders per sequencer; default 100,000. Older ones answer `UNKNOWN_ORDER`, and are in `orderHistory`. */
        closedOrders?: number;
        /** Ledger entries per sequencer, for `accounts.ledger`; default 100,000. */
        ledgerEntries?: number;
    };
    /** What bounds memory. */
    limits?: {
        /** Calls in flight, 1 to 1,048,576; the next one is refused with `BUSY`. Default 65,536. */
        inFlight?: number;
        /**
         * Open orders per account, those that wait for a trigger included; the next one that may rest is refused
         * with `TOO_MANY_OPEN_ORDERS`. Default 10,000.
         */
        openOrdersPerAccount?: number;
    };
}
/** What all balances of one asset add up to. */
interface Conservation {
    /** The asset's code. */
    asset: string;
    /** All deposits ever. */
    deposited: Decimal;
    /** All withdrawals ever. */
    withdrawn: Decimal;
    /** Sum of all available balances. */
    available: Decimal;
    /** Sum of all frozen balances. */
    frozen: Decimal;
    /** Sum of what open orders have reserved. */
    reserved: Decimal;
    /** Sum of what is held for purposes outside the exchange (`accounts.hold`). */
    held: Decimal;
    /** Frozen for transfers that are under way. */
    inTransfer: Decimal;
    /** Fees that have accrued and were not collected yet; negative where rebates exceed them. */
    feesAccrued: SignedDecimal;
    /**
     * `available + frozen + feesAccrued = deposited - withdrawn` and `frozen = reserved + held + inTransfer`, to
     * the atom.
     */
    holds: boolean;
}
/** What an engine has been doing. */
interface EngineStats {
    /** Where the shards run. */
    mode: 'threaded' | 'inline';
    /** Shards that own balances. */
    sequencers: number;
    /** Shards that own books. */
    matchers: number;
    /** Calls admitted since the engine was opened, reads included. */
    commands: number;
    /** Calls refused before they were admitted. */
    refusedAtEdge: number;
    /** Calls refused with `BUSY`. */
    busy: number;
    /** Calls admitted and not settled yet. */
    inFlight: number;
    /** The newest record of the engine's log. */
    seq: number;
    /** When calls are answered. */
    durability: Durability;
    /** The newest record that can't be lost any more; null in memory, where every record can. */
    durableSeq: number | null;
    /** The log on disk; null in memory. */
    journal: JournalStats | null;
    /** True after a failure (see the event `fatal`): nothing is taken any more. */
    halted: boolean;
}

/**
 * Every refusal by its code.
 *
 * Generated from native/core/src/reject.rs by scripts/generate-codes.mjs: do not edit.
 */
/** Every code with its stable number, and whether the same request may succeed when it is sent again. */
declare const ERROR_CODES: {
    /** The request is malformed: a wrong type, an id that is no positive integer below 2^53, a bad option. */
    readonly INVALID_REQUEST: {
        readonly number: 1000;
        readonly retryable: false;
    };
    /** A field that this kind of request needs is missing. */
    readonly MISSING_FIELD: {
        readonly number: 1001;
        readonly retryable: false;
    };
    /** Two fields exclude each other, for instance quantity and quoteQuantity. */
    readonly CONFLICTING_FIELDS: {
        readonly number: 1002;
        readonly retryable: false;
    };
    /** Not a plain positive decimal: digits, at most one point between digits, no sign, no exponent. */
    readonly INVALID_DECIMAL: {
        readonly number: 1003;
        readonly retryable: false;
    };
    /** More decimals than the asset has. Nothing is ever rounded. */
    readonly BAD_PRECISION: {
        readonly number: 1004;
        readonly retryable: false;
    };
    /** The number does not fit the engine's integers. */
    readonly NUMBER_OVERFLOW: {
        readonly number: 1005;
        readonly retryable: false;
    };
    /** The side is neither `buy` nor `sell`. */
    readonly INVALID_SIDE: {
        readonly number: 1006;
        readonly retryable: false;
    };
    /** The order type is unknown. */
    readonly INVALID_ORDER_TYPE: {
        readonly number: 1007;
        readonly retryable: false;
    };
    /** The time in force is unknown. */
    readonly INVALID_TIF: {
        readonly number: 1008;
        readonly retryable: false;
    };
    /** The fields are valid one by one but not together, for instance a market order with a price. */
    readonly UNSUPPORTED_COMBINATION: {
        readonly number: 1009;
        readonly retryable: false;
    };
    /** expireAt is missing, in the past, or given with a time in force other than GTD. */
    readonly INVALID_EXPIRY: {
        readonly number: 1010;
        readonly retryable: false;
    };
    /** Not 1 to 36 characters of A-Z a-z 0-9 . _ : / - */
    readonly INVALID_CLIENT_ORDER_ID: {
        readonly number: 1011;
        readonly retryable: false;
    };
    /** The number of Level2 levels is outside 1 to 20. */
    readonly INVALID_DEPTH: {
        readonly number: 1012;
        readonly retryable: false;
    };
    /** No candle has this interval. */
    readonly INVALID_INTERVAL: {
        readonly number: 1013;
        readonly retryable: false;
    };
    /** A batch of more than 1,000 items. */
    readonly BATCH_TOO_LARGE: {
        readonly number: 1014;
        readonly retryable: false;
    };
    /** The amend changes nothing. */
    readonly NO_CHANGE: {
        readonly number: 1015;
        readonly retryable: false;
    };
    /** There is no such symbol. */
    readonly UNKNOWN_SYMBOL: {
        readonly number: 2000;
        readonly retryable: false;
    };
    /** The symbol is halted or closed. */
    readonly SYMBOL_NOT_TRADING: {
        readonly number: 2001;
        readonly retryable: false;
    };
    /** The symbol takes cancels only. */
    readonly SYMBOL_CANCEL_ONLY: {
        readonly number: 2002;
        readonly retryable: false;
    };
    /** The symbol takes post-only orders or limit orders only. */
    readonly SYMBOL_MODE_RESTRICTED: {
        readonly number: 2003;
        readonly retryable: false;
    };
    /** The price is not a multiple of the symbol's tick size. */
    readonly PRICE_TICK: {
        readonly number: 2010;
        readonly retryable: false;
    };
    /** The price is outside the symbol's minPrice to maxPrice. */
    readonly PRICE_RANGE: {
        readonly number: 2011;
        readonly retryable: false;
    };
    /** The price is too far from the reference price. */
    readonly PRICE_BAND: {
        readonly number: 2012;
        readonly retryable: false;
    };
    /** The quantity is not a multiple of the symbol's lot size. */
    readonly QTY_LOT: {
        readonly number: 2020;
        readonly retryable: false;
    };
    /** The quantity is outside the symbol's minQuantity to maxQuantity. */
    readonly QTY_RANGE: {
        readonly number: 2021;
        readonly retryable: false;
    };
    /** Price x quantity, or the quote quantity, is outside minNotional to maxNotional, or below the cost of one lot. */
    readonly NOTIONAL_RANGE: {
        readonly number: 2030;
        readonly retryable: false;
    };
    /** The symbol does not take this order type. */
    readonly ORDER_TYPE_DISABLED: {
        readonly number: 2040;
        readonly retryable: false;
    };
    /** The symbol does not take this mode of self-trade prevention. */
    readonly STP_MODE_DISABLED: {
        readonly number: 2041;
        readonly retryable: false;
    };
    /** The iceberg would have too many slices. */
    readonly ICEBERG_PARTS: {
        readonly number: 2042;
        readonly retryable: false;
    };
    /** The trailing distance is outside the symbol's bounds. */
    readonly TRAILING_RANGE: {
        readonly number: 2043;
        readonly retryable: false;
    };
    /** The account has as many open orders as it may have. */
    readonly TOO_MANY_OPEN_ORDERS: {
        readonly number: 2050;
        readonly retryable: false;
    };
    /** The account would own more of the base asset than the symbol's maxPosition. */
    readonly MAX_POSITION: {
        readonly number: 2051;
        readonly retryable: false;
    };
    /** The order has been amended as often as it may be. */
    readonly TOO_MANY_AMENDS: {
        readonly number: 2052;
        readonly retryable: false;
    };
    /** There is no such account: an account begins with its first deposit. */
    readonly UNKNOWN_ACCOUNT: {
        readonly number: 3000;
        readonly retryable: false;
    };
    /** The account is suspended. */
    readonly ACCOUNT_SUSPENDED: {
        readonly number: 3001;
        readonly retryable: false;
    };
    /** The account is closed. */
    readonly ACCOUNT_CLOSED: {
        readonly number: 3002;
        readonly retryable: false;
    };
    /** The account may not do this: it takes cancels only, or may not trade or withdraw. */
    readonly PERMISSION_DENIED: {
        readonly number: 3003;
        readonly retryable: false;
    };
    /** The account's available balance is below what the request needs. */
    readonly INSUFFICIENT_BALANCE: {
        readonly number: 3010;
        readonly retryable: false;
    };
    /** The account has open orders. */
    readonly HAS_OPEN_ORDERS: {
        readonly number: 3011;
        readonly retryable: false;
    };
    /** The balance would grow beyond what the engine counts. */
    readonly BALANCE_OVERFLOW: {
        readonly number: 3012;
        readonly retryable: false;
    };
    /** The account still owns something. */
    readonly NON_ZERO_BALANCE: {
        readonly number: 3013;
        readonly retryable: false;
    };
    /** There is no such asset. */
    readonly UNKNOWN_ASSET: {
        readonly number: 3020;
        readonly retryable: false;
    };
    /** The asset is disabled: nothing of it can be deposited, withdrawn, transferred or traded. */
    readonly ASSET_DISABLED: {
        readonly number: 3021;
        readonly retryable: false;
    };
    /** There is no such order, or it is another account's (which is not told apart, so that ids leak nothing). */
    readonly UNKNOWN_ORDER: {
        readonly number: 4000;
        readonly retryable: false;
    };
    /** The order has already been filled, canceled or expired. */
    readonly ORDER_ALREADY_CLOSED: {
        readonly number: 4002;
        readonly retryable: false;
    };
    /** A live order of the account has that client order id. */
    readonly DUPLICATE_CLIENT_ORDER_ID: {
        readonly number: 4003;
        readonly retryable: false;
    };
    /** The post-only order would trade at once. */
    readonly POST_ONLY_WOULD_CROSS: {
        readonly number: 4010;
        readonly retryable: false;
    };
    /** The trigger is reached by the last price already. */
    readonly WOULD_TRIGGER_IMMEDIATELY: {
        readonly number: 4011;
        readonly retryable: false;
    };
    /** The symbol has not traded yet, so there is no price to compare the trigger with. */
    readonly NO_REFERENCE_PRICE: {
        readonly number: 4012;
        readonly retryable: false;
    };
    /** The prices of the OCO are on the wrong sides of the last price. */
    readonly OCO_BAD_PRICES: {
        readonly number: 4013;
        readonly retryable: false;
    };
    /** The new quantity is not above what is filled already. */
    readonly QTY_BELOW_FILLED: {
        readonly number: 4014;
        readonly retryable: false;
    };
    /** This order can't be amended, or not like this. */
    readonly AMEND_NOT_ALLOWED: {
        readonly number: 4015;
        readonly retryable: false;
    };
    /** The order is not in the state that the cancel was restricted to. */
    readonly CANCEL_RESTRICTED: {
        readonly number: 4016;
        readonly retryable: false;
    };
    /** One half of the cancel-replace failed; details hold both. */
    readonly REPLACE_PARTIALLY_FAILED: {
        readonly number: 4020;
        readonly retryable: false;
    };
    /** The cancel-replace failed, nothing changed; details hold both halves. */
    readonly REPLACE_FAILED: {
        readonly number: 4021;
        readonly retryable: false;
    };
    /** The request id was used for a different request. */
    readonly REQUEST_ID_CONFLICT: {
        readonly number: 5000;
        readonly retryable: false;
    };
    /** The request id is below the window that is remembered. */
    readonly REQUEST_ID_TOO_OLD: {
        readonly number: 5001;
        readonly retryable: false;
    };
    /** validUntil had passed when the request was sequenced. */
    readonly STALE_REQUEST: {
        readonly number: 5002;
        readonly retryable: false;
    };
    /** The account places orders faster than it may. */
    readonly RATE_LIMITED: {
        readonly number: 5003;
        readonly retryable: true;
    };
    /** An asset of that code exists. */
    readonly ASSET_EXISTS: {
        readonly number: 6000;
        readonly retryable: false;
    };
    /** A symbol trades the asset, or somebody owns some of it. */
    readonly ASSET_IN_USE: {
        readonly number: 6001;
        readonly retryable: false;
    };
    /** A symbol of that name exists. */
    readonly SYMBOL_EXISTS: {
        readonly number: 6002;
        readonly retryable: false;
    };
    /** The symbol has open orders, or fees that were not collected. */
    readonly SYMBOL_IN_USE: {
        readonly number: 6003;
        readonly retryable: false;
    };
    /** tickSize x lotSize is not a whole number of quote atoms, or a limit of the symbol could overflow. */
    readonly SYMBOL_PRECISION_INEXACT: {
        readonly number: 6004;
        readonly retryable: false;
    };
    /** The field can't be changed once it is set. */
    readonly IMMUTABLE_FIELD: {
        readonly number: 6005;
        readonly retryable: false;
    };
    /** The status can't follow the present one: CLOSED is final. */
    readonly BAD_STATUS_TRANSITION: {
        readonly number: 6006;
        readonly retryable: false;
    };
    /** A fee rate is out of range, or maker + taker is negative without allowNetRebate. */
    readonly INVALID_FEE: {
        readonly number: 6007;
        readonly retryable: false;
    };
    /** The consumer of a stream was so slow that what it wants next is not remembered any more: details say from where it can be resumed. */
    readonly SLOW_CONSUMER: {
        readonly number: 7000;
        readonly retryable: false;
    };
    /** A broken invariant: the engine has halted and must be opened again. */
    readonly INTERNAL: {
        readonly number: 9000;
        readonly retryable: false;
    };
    /** As many commands are in flight as may be; or an amend of an order that is being amended: what it may cost, or whether it keeps the rules, depends on what becomes of those before it. Nothing was done: safe to retry. */
    readonly BUSY: {
        readonly number: 9001;
        readonly retryable: true;
    };
    /** The journal can't be written any more: the engine has halted and must be opened again. */
    readonly JOURNAL_IO: {
        readonly number: 9004;
        readonly retryable: false;
    };
    /** The data directory does not hold what was written to it. Nothing was changed in it. */
    readonly CORRUPT_STATE: {
        readonly number: 9005;
        readonly retryable: false;
    };
    /** Another engine has the data directory open. */
    readonly DATA_DIR_LOCKED: {
        readonly number: 9006;
        readonly retryable: false;
    };
    /** The data directory was written by a version that this one can't read. */
    readonly UNSUPPORTED_VERSION: {
        readonly number: 9007;
        readonly retryable: false;
    };
    /** The engine halted before this call was answered: it may or may not have happened. */
    readonly OUTCOME_UNKNOWN: {
        readonly number: 9008;
        readonly retryable: false;
    };
    /** Part of the plan, not of this version. */
    readonly NOT_SUPPORTED: {
        readonly number: 9009;
        readonly retryable: false;
    };
    /** The engine is closed. */
    readonly ENGINE_CLOSED: {
        readonly number: 9010;
        readonly retryable: false;
    };
    /** The disk is full: only cancels are taken until somebody makes room. */
    readonly STORAGE_FULL: {
        readonly number: 9011;
        readonly retryable: false;
    };
    /** Others than its owner may write to the data directory. */
    readonly UNSAFE_DATA_DIR: {
        readonly number: 9012;
        readonly retryable: false;
    };
};
/** A refusal's code: the contract. */
type ErrorCode = keyof typeof ERROR_CODES;

/**
 * Orders: what can be placed, what can be done with them, and what is answered.
 *
 * What never fits together is a type error here; everything else, and everything from callers without types, is
 * judged by the engine.
 */

/** An order's side. */
type Side = 'buy' | 'sell';
/** An order's type. */
type OrderType = 'limit' | 'market' | 'stop' | 'stop_limit' | 'take_profit' | 'take_profit_limit' | 'trailing_stop';
/**
 * How long an order may stay.
 * - `'GTC'`: until it is canceled.
 * - `'IOC'`: not at all; what does not trade at once expires.
 * - `'FOK'`: all of it trades at once, or nothing.
 * - `'GTD'`: until `expireAt`.
 * - `'DAY'`: until the end of the symbol's session.
 */
type TimeInForce = 'GTC' | 'IOC' | 'FOK' | 'GTD' | 'DAY';
/**
 * Self-trade prevention: what happens where an order would trade with one of the same account, or of an account
 * of the same group. The incoming order's mode decides.
 * - `'NONE'`: they trade.
 * - `'EXPIRE_TAKER'`: the incoming order ends.
 * - `'EXPIRE_MAKER'`: the resting one ends, the incoming one goes on.
 * - `'EXPIRE_BOTH'`: both end.
 * - `'DECREMENT'`: both lose the quantity that would have traded.
 */
type StpMode = 'NONE' | 'EXPIRE_TAKER' | 'EXPIRE_MAKER' | 'EXPIRE_BOTH' | 'DECREMENT';
/** What every order may say. */
interface OrderBase extends Idempotent {
    /** Whose. */
    accountId: number;
    /** On which symbol, by name. */
    symbol: string;
    /** Buy or sell. */
    side: Side;
    /** Self-trade prevention; default the symbol's. */
    stp?: StpMode;
    /**
     * Your name for it, 1 to 36 characters of `A-Z a-z 0-9 . _ : / -`, unique among the account's live orders
     * (`DUPLICATE_CLIENT_ORDER_ID`); free again when the order is closed.
     */
    clientOrderId?: string;
    /** Refused with `STALE_REQUEST` if it gets its turn later than this, in milliseconds since 1970. */
    validUntil?: number;
    /** Its own fee rates, instead of its account's or its symbol's. */
    fees?: FeeRates;
}
/** How long what may rest does so. */
type Lasting = {
    /** `'GTC'` (default): until it is canceled. `'DAY'`: until the end of the symbol's session. */
    timeInForce?: 'GTC' | 'DAY';
    expireAt?: never;
} | {
    /** `'GTD'`: until `expireAt`. */
    timeInForce: 'GTD';
    /** When it expires, in milliseconds since 1970; in the future (`INVALID_EXPIRY`). */
    expireAt: number;
};
/** For what does not rest: all that trades at once, or (`'FOK'`) everything or nothing. */
interface Immediate {
    /** `'IOC'`: what does not trade at once expires. `'FOK'`: all of it trades at once, or nothing does. */
    timeInForce: 'IOC' | 'FOK';
    expireAt?: never;
    displayQuantity?: never;
}
/** What an order that rests can show of itself. */
interface Iceberg {
    /**
     * Shows only so much at a time (an iceberg): a slice that has traded is replaced by the next one at the back of
     * its price level. At most the quantity (`QTY_RANGE`), in not too many slices (`ICEBERG_PARTS`).
     */
    displayQuantity?: DecimalInput;
}
/** A limit price and a quantity. */
interface Limited {
    /** The worst price to trade at. A better one is taken where it is offered. */
    price: DecimalInput;
    /** How much base. */
    quantity: DecimalInput;
    quoteQuantity?: never;
    maxQuote?: never;
    protectionBps?: never;
}
/**
 * Trades at `price` or better; what is left rests in the book, unless `timeInForce` says otherwise.
 *
 * @throws {@link LightningError} `POST_ONLY_WOULD_CROSS`, `PRICE_BAND`, `NOTIONAL_RANGE`, `INSUFFICIENT_BALANCE`,
 * and what {@link Engine.placeOrder} says of all orders.
 *
 * @example
 * ```ts
 * const order = await engine.placeOrder({
 *   accountId: 1, symbol: 'BTC-USDT', side: 'buy', type: 'limit', price: '100', quantity: '2', postOnly: true,
 * });
 * console.log(order.status, order.reserved); // NEW { asset: 'USDT', amount: '200.000000' }
 * ```
 */
type LimitOrder = OrderBase & Limited & {
    /** Trades at `price` or better. */
    type: 'limit';
} & NoTrigger & ((Lasting & Iceberg & {
    /** Only as a maker: refused with `POST_ONLY_WOULD_CROSS` if it would trade at once. */
    postOnly?: boolean;
}) | (Immediate & {
    postOnly?: false;
}));
/** What only conditional orders have. */
interface NoTrigger {
    triggerPrice?: never;
    trailBps?: never;
    trailAmount?: never;
    activationPrice?: never;
}
/** What only orders with a limit price have. */
interface AtMarket {
    /**
     * Trades at most so far from the best opposite price at entry, 1 to 9,999 basis points; what is left expires with
     * `PRICE_PROTECTION`. The symbol's `marketProtectionBps` counts besides.
     */
    protectionBps?: number;
    price?: never;
    postOnly?: false;
    displayQuantity?: never;
    expireAt?: never;
}
/** By base quantity. */
interface ByQuantity {
    /** How much base to trade. */
    quantity: DecimalInput;
    quoteQuantity?: never;
}
/** By quote amount. */
interface ByQuote {
    quantity?: never;
    maxQuote?: never;
    /** How much quote to spend (buy) or to raise (sell): in whole lots, and never more than this. */
    quoteQuantity: DecimalInput;
}
/**
 * Trades at whatever the book offers; never rests.
 *
 * A buy by `quantity`, and a sell by `quoteQuantity`, need the book to tell what they cost: the whole available
 * balance of the asset they give (or `maxQuote`) is reserved while the order runs, and what it did not need is
 * released with it. Reads don't show that reservation, but other orders of the account that arrive in between may
 * find too little available: await one before the next. By `quoteQuantity`, no more than the symbol's
 * `maxQuantity` is traded, and `minQuantity` is not looked at.
 *
 * @throws {@link LightningError} `INSUFFICIENT_BALANCE` if the book's offers cost more than is available,
 * `NOTIONAL_RANGE` if `quoteQuantity` pays for no lot, and what {@link Engine.placeOrder} says of all orders.
 *
 * @example
 * ```ts
 * const order = await engine.placeOrder({
 *   accountId: 1, symbol: 'BTC-USDT', side: 'buy', type: 'market', quantity: '2', maxQuote: '250',
 * });
 * console.log(order.status, order.reason); // EXPIRED BUDGET_EXHAUSTED
 * ```
 */
type MarketOrder = OrderBase & {
    /** Trades at whatever the book offers. */
    type: 'market';
    /** `'IOC'` (default): what does not trade at once expires. `'FOK'`: all of it trades at once, or nothing. */
    timeInForce?: 'IOC' | 'FOK';
} & AtMarket & NoTrigger & ((ByQuantity & {
    side: 'buy';
    /** Spends at most so much quote, fees included; what is left then expires with `BUDGET_EXHAUSTED`. */
    maxQuote?: DecimalInput;
}) | (ByQuantity & {
    maxQuote?: never;
}) | ByQuote);
/** The end of a conditional order that becomes a market order. */
type TriggeredMarket = AtMarket & {
    /** A triggered market order is IOC, which can't be said. */
    timeInForce?: never;
} & ((ByQuantity & {
    side: 'buy';
    /** The budget, which is reserved while the order waits. */
    maxQuote: DecimalInput;
}) | (ByQuantity & {
    side: 'sell';
    maxQuote?: never;
}) | (ByQuote & {
    side: 'buy';
}));
/** The end of a conditional order that becomes a limit order. */
type TriggeredLimit = Limited & {
    postOnly?: false;
} & ((Lasting & Iceberg) | Immediate);
/** What a stop or take-profit order waits for. */
interface AtTrigger {
    /** The last trade price that it waits for. */
    triggerPrice: DecimalInput;
    trailBps?: never;
    trailAmount?: never;
    activationPrice?: never;
}
/**
 * Waits until the last price moves against the position, to the trigger or beyond (a buy: up; a sell: down), and
 * then trades at market. Its funds are reserved while it waits; until then its status is `PENDING_TRIGGER`.
 *
 * @throws {@link LightningError} `WOULD_TRIGGER_IMMEDIATELY`, `NO_REFERENCE_PRICE` before the symbol's first trade,
 * `MISSING_FIELD` for a buy by quantity without `maxQuote`.
 *
 * @example
 * ```ts
 * const order = await engine.placeOrder({
 *   accountId: 1, symbol: 'BTC-USDT', side: 'sell', type: 'stop', triggerPrice: '95', quantity: '2',
 * });
 * console.log(order.status, order.triggerPrice); // PENDING_TRIGGER 95.00
 * ```
 */
type StopOrder = OrderBase & {
    /** Waits for the price to move against the position, then trades at market. */
    type: 'stop';
} & AtTrigger & TriggeredMarket;
/**
 * Waits like a {@link StopOrder}, and then becomes a limit order with `price`. Its time in force counts from then on.
 *
 * @throws {@link LightningError} as for a {@link StopOrder} and a {@link LimitOrder}.
 *
 * @example
 * ```ts
 * const order = await engine.placeOrder({
 *   accountId: 1, symbol: 'BTC-USDT', side: 'sell', type: 'stop_limit',
 *   triggerPrice: '95', price: '94.50', quantity: '2', timeInForce: 'DAY',
 * });
 * console.log(order.status, order.reserved); // PENDING_TRIGGER { asset: 'BTC', amount: '2.00000000' }
 * ```
 */
type StopLimitOrder = OrderBase & {
    /** Waits for the price to move against the position, then is a limit order. */
    type: 'stop_limit';
} & AtTrigger & TriggeredLimit;
/**
 * Waits until the last price moves in favor, to the trigger or beyond (a buy: down; a sell: up), and then trades at
 * market.
 *
 * @throws {@link LightningError} as for a {@link StopOrder}.
 *
 * @example
 * ```ts
 * const order = await engine.placeOrder({
 *   accountId: 1, symbol: 'BTC-USDT', side: 'buy', type: 'take_profit', triggerPrice: '80', quoteQuantity: '500',
 * });
 * console.log(order.status, order.reserved); // PENDING_TRIGGER { asset: 'USDT', amount: '500.000000' }
 * ```
 */
type TakeProfitOrder = OrderBase & {
    /** Waits for the price to move in favor, then trades at market. */
    type: 'take_profit';
} & AtTrigger & TriggeredMarket;
/**
 * Waits like a {@link TakeProfitOrder}, and then becomes a limit order with `price`.
 *
 * @throws {@link LightningError} as for a {@link StopOrder} and a {@link LimitOrder}.
 *
 * @example
 * ```ts
 * const order = await engine.placeOrder({
 *   accountId: 1, symbol: 'BTC-USDT', side: 'sell', type: 'take_profit_limit',
 *   triggerPrice: '110', price: '109', quantity: '2',
 * });
 * console.log(order.status); // PENDING_TRIGGER
 * ```
 */
type TakeProfitLimitOrder = OrderBase & {
    /** Waits for the price to move in favor, then is a limit order. */
    type: 'take_profit_limit';
} & AtTrigger & TriggeredLimit;
/**
 * A stop whose trigger follows the best last price since it was placed (or since `activationPrice` was reached) at a
 * distance, and never goes back. Then it trades at market; with `price`, it becomes a limit order.
 *
 * @throws {@link LightningError} `TRAILING_RANGE` for a distance outside the symbol's bounds, `NO_REFERENCE_PRICE`
 * before the symbol's first trade.
 *
 * @example
 * ```ts
 * const order = await engine.placeOrder({
 *   accountId: 1, symbol: 'BTC-USDT', side: 'sell', type: 'trailing_stop', trailBps: 250, quantity: '2',
 * });
 * console.log(order.status, order.trailBps); // PENDING_TRIGGER 250
 * ```
 */
type TrailingStopOrder = OrderBase & {
    /** A stop that follows the price. */
    type: 'trailing_stop';
    triggerPrice?: never;
    /** Begins to follow when the last price has reached this (a sell: from below; a buy: from above); at once without. */
    activationPrice?: DecimalInput;
} & ({
    /** How far behind the best price, 1 to 9,999 basis points of it, within the symbol's `trailBps`. */
    trailBps: number;
    trailAmount?: never;
} | {
    trailBps?: never;
    /** How far behind the best price, on the price grid. */
    trailAmount: DecimalInput;
}) & (TriggeredMarket | TriggeredLimit);
/** An order to place. */
type NewOrder = LimitOrder | MarketOrder | StopOrder | StopLimitOrder | TakeProfitOrder | TakeProfitLimitOrder | TrailingStopOrder;
/**
 * A pair of orders of which one cancels the other: a limit order that takes a profit, and a stop that ends a loss.
 * A sell needs `limit.price > last price > stop.triggerPrice`, a buy the reverse (`OCO_BAD_PRICES`). They share one
 * reservation and count as two open orders.
 *
 * @example
 * ```ts
 * const pair = await engine.placeOco({
 *   accountId: 1, symbol: 'BTC-USDT', side: 'sell', quantity: '2',
 *   limit: { price: '110' }, stop: { triggerPrice: '95', price: '94.50' },
 * });
 * console.log(pair.limit.status, pair.stop.status); // NEW PENDING_TRIGGER
 * ```
 */
type NewOco = Omit<OrderBase, 'clientOrderId'> & Lasting & {
    /** How much base, for both. */
    quantity: DecimalInput;
    /** The limit leg. */
    limit: {
        /** Its limit price. */
        price: DecimalInput;
        /** Only as a maker. */
        postOnly?: boolean;
        /** Your name for it. */
        clientOrderId?: string;
    };
    /** The stop leg; without `price` it trades at market when it is triggered, and a buy needs `maxQuote`. */
    stop: {
        /** The last trade price that it waits for. */
        triggerPrice: DecimalInput;
        /** Its limit price when it is triggered. */
        price?: DecimalInput;
        /** The budget of a buy without `price`. */
        maxQuote?: DecimalInput;
        /** Your name for it. */
        clientOrderId?: string;
    };
};
/**
 * Where an order stands: `PENDING_TRIGGER`, `NEW` and `PARTIALLY_FILLED` are open, the others closed for good.
 */
type OrderStatus = 'PENDING_TRIGGER' | 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'EXPIRED';
/**
 * Why an order was canceled.
 * - `USER`: its owner asked. `MASS`: for many at once. `DEADMAN`: its owner's dead-man timer ran out.
 * - `OCO_SIBLING`: the other order of its pair traded, was triggered or was closed.
 * - `REPLACED`: by a cancel-replace.
 * - `ADMIN`: the operator asked. `SYMBOL_CLOSED`: its symbol was closed or removed.
 */
type CancelReason = 'USER' | 'MASS' | 'DEADMAN' | 'OCO_SIBLING' | 'REPLACED' | 'ADMIN' | 'SYMBOL_CLOSED';
/**
 * Why an order expired.
 * - `IOC_REMAINDER`: an IOC order, and this much did not trade at once.
 * - `FOK_UNFILLABLE`: a FOK order that could not trade wholly.
 * - `INSUFFICIENT_LIQUIDITY`: a market order, and the book ran out.
 * - `BUDGET_EXHAUSTED`: a market order, and its `maxQuote` paid for no more.
 * - `PRICE_PROTECTION`: a market order, and the next price was too far from the first.
 * - `GTD_EXPIRED`, `SESSION_END`: its time had come.
 * - `TRIGGER_REJECTED`: its trigger came when it could not be executed.
 * - `STP`: it met an order of its own account or group.
 */
type ExpireReason = 'IOC_REMAINDER' | 'FOK_UNFILLABLE' | 'INSUFFICIENT_LIQUIDITY' | 'BUDGET_EXHAUSTED' | 'PRICE_PROTECTION' | 'GTD_EXPIRED' | 'SESSION_END' | 'TRIGGER_REJECTED' | 'STP';
/** Why an order was canceled or expired. */
type StatusReason = CancelReason | ExpireReason;
/** One trade of an order, seen from the order. */
interface Fill {
    /** The trade. */
    tradeId: number;
    /** The maker's price. */
    price: Decimal;
    /** How much base. */
    quantity: Decimal;
    /** How much quote. */
    quoteQuantity: Decimal;
    /** What the order paid for it; negative is a rebate. */
    fee: SignedDecimal;
    /** The code of the asset that the fee is in. */
    feeAsset: string;
    /** `'taker'`: the order came in and took it. */
    liquidity: 'taker';
}
/** What only some orders have; absent from all others. */
interface OrderExtras {
    /** The client's name for it. */
    clientOrderId?: string;
    /** The last trade price that it waits for, or waited for. */
    triggerPrice?: Decimal;
    /** How far its trigger follows, in basis points. */
    trailBps?: number;
    /** How far its trigger follows. */
    trailAmount?: Decimal;
    /** Where its trigger begins to follow. */
    activationPrice?: Decimal;
    /** What it may spend, fees included. */
    maxQuote?: Decimal;
    /** How far it may trade from the best opposite price at entry, in basis points. */
    protectionBps?: number;
    /** What it shows at a time. */
    displayQuantity?: Decimal;
    /** When it expires; of a DAY order the end of its session. */
    expireAt?: number;
    /** The pair that it belongs to. */
    listId?: number;
    /** The other order of its pair. */
    siblingOrderId?: number;
}
/** An order as it stands. `quantity` = `filledQuantity` + `preventedQuantity` + `openQuantity` + what was canceled or expired. */
interface Order extends OrderExtras {
    /** Its id, unique in the engine. */
    orderId: number;
    /** Whose. */
    accountId: number;
    /** On which symbol. */
    symbol: string;
    /** Buy or sell. */
    side: Side;
    /** Its type; it keeps it when it is triggered. */
    type: OrderType;
    /** How long it stays; of a market order `'IOC'` or `'FOK'`. */
    timeInForce: TimeInForce;
    /** Only as a maker? */
    postOnly: boolean;
    /** Its mode of self-trade prevention. */
    stp: StpMode;
    /** Where it stands. */
    status: OrderStatus;
    /** Why it was canceled or expired. */
    reason: StatusReason | null;
    /** Its limit price; null for one that trades at market. */
    price: Decimal | null;
    /** The base quantity asked for; null for orders by quote. */
    quantity: Decimal | null;
    /** The quote amount asked for; null for orders by quantity. */
    quoteQuantity: Decimal | null;
    /** Base traded. */
    filledQuantity: Decimal;
    /** Quote traded. */
    filledQuote: Decimal;
    /**
     * Average price of its fills, with four decimals more than a price, rounded half to even; for people to look
     * at, not to calculate with (`filledQuote` is exact). Null without a fill.
     */
    averagePrice: Decimal | null;
    /** Base that may still trade; hidden quantity of an iceberg included. */
    openQuantity: Decimal;
    /** Base lost to self-trade prevention. */
    preventedQuantity: Decimal;
    /** Fees paid, net of rebates. */
    fee: Fee;
    /** What is still reserved for it; the limit order of a pair holds the reservation of both. */
    reserved: Money;
    /** When it was accepted. */
    createdAt: number;
    /** When it last changed. */
    updatedAt: number;
}
/** An order that is over, as it was in the end. */
interface ClosedOrder extends Order {
    /** The record of the log that closed it. */
    seq: number;
}
/** An accepted order after everything that it did at once. */
interface OrderResult extends Omit<Order, 'createdAt' | 'updatedAt'>, Stamp {
    /** Its trades, in the order they happened. */
    fills: Fill[];
    /** The symbol's book sequence after it. */
    bookSeq: number;
}
/** What an order would do, were it placed now. */
interface TestResult {
    /** On which symbol. */
    symbol: string;
    /** Buy or sell. */
    side: Side;
    /** Its type. */
    type: OrderType;
    /** Where it would stand. */
    status: OrderStatus;
    /** Why it would expire. */
    reason: StatusReason | null;
    /** Base it would trade at once. */
    filledQuantity: Decimal;
    /** Quote it would trade at once. */
    filledQuote: Decimal;
    /** Average price of that; null without a fill. */
    averagePrice: Decimal | null;
    /** Fees it would pay for that. */
    fee: Fee;
    /** What would stay reserved for it. */
    reserved: Money;
    /** The newest record of the engine's log that this is based on. */
    seq: number;
    /** When. */
    ts: number;
}
/** Both orders of a pair. If the limit order traded at once, the stop is closed (`OCO_SIBLING`). */
interface OcoResult extends Stamp {
    /** The pair's id. */
    listId: number;
    /** On which symbol. */
    symbol: string;
    /** The limit order, which holds the reservation of both. */
    limit: OrderResult;
    /** The stop. */
    stop: OrderResult;
}
/** An order, by one of its two names. */
type OrderRef = {
    /** Its id. */
    orderId: number;
    clientOrderId?: never;
} | {
    orderId?: never;
    /** The client's name for it; only live orders can be found by it. */
    clientOrderId: string;
};
/** Which order to cancel. */
type CancelRequest = OrderRef & Idempotent & {
    /** Its owner. Nobody else can cancel it: for others it does not exist. */
    accountId: number;
    /** Only if it is on this symbol (`UNKNOWN_ORDER`). */
    symbol?: string;
    /** Only in this state (`CANCEL_RESTRICTED`): `'NEW'`, nothing filled; `'PARTIALLY_FILLED'`, something. */
    onlyIf?: 'NEW' | 'PARTIALLY_FILLED';
};
/** A canceled order. */
interface CanceledOrder {
    /** Its id. */
    orderId: number;
    /** On which symbol it was. */
    symbol: string;
    /** Its side. */
    side: Side;
    /** Always `'CANCELED'`. */
    status: 'CANCELED';
    /** Base that will not trade; zero for an order by quote. */
    canceledQuantity: Decimal;
    /** What went back to available: all that was still reserved. */
    released: Money;
    /** The other order of its pair, which was canceled with it. */
    siblingOrderId?: number;
    /** The symbol's book sequence after it. */
    bookSeq: number;
}
/** A canceled order, and where in the log that is. */
interface CancelResult extends CanceledOrder, Stamp {
}
/** How to amend an order: a new quantity, a new price, or both. */
type AmendRequest = OrderRef & Idempotent & {
    /** Its owner. */
    accountId: number;
    /** On which symbol it is. */
    symbol: string;
    /** The new limit price. */
    price?: DecimalInput;
} & ({
    /** The new **total** quantity, what is filled already included; above that (`QTY_BELOW_FILLED`). */
    quantity?: DecimalInput;
    reduceBy?: never;
} | {
    quantity?: never;
    /** So much less; less than what is open (`QTY_BELOW_FILLED`). */
    reduceBy: DecimalInput;
});
/**
 * An amended order. `filledQuantity`, `filledQuote`, `averagePrice`, `preventedQuantity`, `fee` and `fills` are those
 * of the amend alone: of an order that came in again and traded. `quantity` = `doneBefore` + `filledQuantity` +
 * `preventedQuantity` + `openQuantity` + what expired.
 */
interface AmendResult extends OrderResult {
    /** Base that was filled or prevented before the amend. */
    doneBefore: Decimal;
    /** Did it keep its place in the queue? Only if nothing but its quantity changed, and that downwards. */
    priorityKept: boolean;
}
/** `Omit` for each member of a union by itself. */
type OmitEach<Union, Keys extends PropertyKey> = Union extends unknown ? Omit<Union, Keys> : never;
/** The order that a cancel-replace places. */
type ReplacementOrder = OmitEach<NewOrder, 'accountId' | 'requestId' | 'requestLane'>;
/** A cancel, and an order in its place. */
interface ReplaceRequest extends Idempotent {
    /** Whose. */
    accountId: number;
    /** The order that goes. */
    cancel: OrderRef & {
        /** Only in this state (`CANCEL_RESTRICTED`). */
        onlyIf?: 'NEW' | 'PARTIALLY_FILLED';
    };
    /** The order that comes; on the same symbol. */
    place: ReplacementOrder;
    /**
     * What if a half fails.
     * - `'STOP_ON_FAILURE'` (default): if the cancel fails, nothing is placed.
     * - `'ALLOW_FAILURE'`: places the order whatever came of the cancel.
     * - `'ATOMIC'`: both or nothing.
     */
    mode?: 'STOP_ON_FAILURE' | 'ALLOW_FAILURE' | 'ATOMIC';
}
/** A cancel-replace of which both halves succeeded. */
interface ReplaceResult extends Stamp {
    /** The order that went. */
    canceled: CanceledOrder;
    /** The order that came. */
    placed: OrderResult;
}
/** What came of one item of several. */
type BatchItem<Result> = {
    /** It was done. */
    ok: true;
    /** Its result. */
    result: Result;
} | {
    /** It was refused. */
    ok: false;
    /** Why. */
    error: LightningError;
};
/** Which orders to cancel. */
interface CancelAllRequest extends Idempotent {
    /** Whose. */
    accountId: number;
    /** Only those on this symbol. */
    symbol?: string;
    /** Only those of this side. */
    side?: Side;
    /** Only those whose client order id begins like this. */
    clientOrderIdPrefix?: string;
}
/** Orders that were canceled together. */
interface MassCancel {
    /** The orders, in the order of acceptance; none if none matched. */
    orders: CanceledOrder[];
    /** What went back to available, per asset. */
    released: Money[];
}
/** A mass cancel. */
interface CancelAllResult extends MassCancel, Stamp {
}
/** What the operator canceled. */
interface SymbolCancelResult extends MassCancel, MaybeDuplicate {
}
/** Which open orders. */
interface OpenOrdersFilter {
    /** Whose; everybody's without. */
    accountId?: number;
    /** Of which symbol; of all without. */
    symbol?: string;
    /** Only those with higher ids: the last one of the page before. */
    afterId?: number;
    /** At most so many, 1 to 10,000; default 10,000. */
    limit?: number;
}
/** Which closed orders. */
interface OrdersFilter {
    /** Whose. */
    accountId: number;
    /** Of which symbol; of all without. */
    symbol?: string;
    /** Where the page before ended: its `next`. */
    cursor?: number;
    /** At most so many, 1 to 1,000; default 100. */
    limit?: number;
}
/** Which part of an account's history. */
interface OrderHistoryOptions {
    /** Of which symbol; of all without. */
    symbol?: string;
    /** Closed by this record of the log, or a later one. */
    fromSeq?: number;
    /** Closed by this record of the log, or an earlier one; default the newest. */
    toSeq?: number;
}
/** A page of closed orders. */
interface OrdersPage {
    /** The orders, the last closed first. */
    orders: Order[];
    /** The cursor of the next page; null if this was the last. */
    next: number | null;
}

/** Assets and symbols. */

/** An asset to create. */
interface NewAsset {
    /** 1 to 32 characters of `A-Z a-z 0-9 . _ : / -`, for instance `'BTC'`. */
    code: string;
    /** Decimals of an amount, 0 to 18. Its smallest unit, 10^-scale, is called an atom. */
    scale: number;
    /** What people call it, for instance `'Bitcoin'`. */
    name?: string;
}
/** What of an asset can be changed. */
interface AssetPatch {
    /** What people call it; null: nothing. */
    name?: string | null;
    /** False: nothing of it can be deposited, withdrawn, transferred or newly ordered (`ASSET_DISABLED`). */
    enabled?: boolean;
}
/** An asset. */
interface Asset extends MaybeDuplicate {
    /** Its number, from 0 in the order of creation. */
    id: number;
    /** Its code. */
    code: string;
    /** Decimals of an amount. */
    scale: number;
    /** What people call it. */
    name: string | null;
    /** Can it be moved and traded? */
    enabled: boolean;
}
/**
 * What a symbol accepts. Cancels, queries and expiry work in every status.
 * - `TRADING`: everything.
 * - `POST_ONLY`: only post-only orders; others `SYMBOL_MODE_RESTRICTED`.
 * - `LIMIT_ONLY`: no order that ends at market; those `SYMBOL_MODE_RESTRICTED`.
 * - `CANCEL_ONLY`: nothing new, no amend, no replace (`SYMBOL_CANCEL_ONLY`); nothing is triggered.
 * - `HALT`: the same (`SYMBOL_NOT_TRADING`).
 * - `CLOSED`: the same, for ever, and without orders.
 */
type SymbolStatus = 'TRADING' | 'POST_ONLY' | 'LIMIT_ONLY' | 'CANCEL_ONLY' | 'HALT' | 'CLOSED';
/**
 * What fees are paid in.
 * - `'received'`: each side pays out of what it receives, a buyer base, a seller quote.
 * - `'quote'`: both pay quote, a seller out of the proceeds, a buyer on top of the price.
 */
type FeeMode = 'received' | 'quote';
/** What can be switched per symbol: the order types, and two features that go across them. */
type OrderFeature = OrderType | 'iceberg' | 'oco';
/** How far a limit price may be from the reference price, in basis points. */
interface PriceBand {
    /** A buy above it. */
    bidUp: number;
    /** A buy below it, at most 10,000. */
    bidDown: number;
    /** A sell above it. */
    askUp: number;
    /** A sell below it, at most 10,000. */
    askDown: number;
}
/** Rules that always have a value. */
interface DefaultedRules<Value> {
    /** Lowest limit and trigger price; default one tick. */
    minPrice: Value;
    /** Highest limit and trigger price; default 10^12 ticks. `maxPrice * maxQuantity` must stay below 2^96 quote atoms. */
    maxPrice: Value;
    /** Smallest order; default one lot. What is left of an order may be smaller and rest. */
    minQuantity: Value;
    /** Largest order; default as large as the amounts allow, at most 10^15 lots. */
    maxQuantity: Value;
    /** Smallest price x quantity of a limit order, and smallest `quoteQuantity`; default zero, for none. */
    minNotional: Value;
    /** Do `minNotional` and `maxNotional` bind market orders by quantity, at the reference price? Default false. */
    applyToMarket: boolean;
    /** Rates of accounts without their own; default zero. */
    fees: FeeRates;
    /** May a maker's rebate exceed what the taker pays? Default false: it is cut to that. */
    allowNetRebate: boolean;
    /** Minutes of trades whose average is the reference price, up to 1,440; default 0: the last trade's price. */
    referenceMinutes: number;
    /** Bounds of `trailBps`, inclusive; default 1 to 9,999. */
    trailBps: {
        min: number;
        max: number;
    };
    /** Which order types and features are taken, others are `ORDER_TYPE_DISABLED`; default all. */
    orderTypes: OrderFeature[];
    /** Which modes of self-trade prevention an order may name, others are `STP_MODE_DISABLED`; default all. */
    allowedStp: StpMode[];
    /** The mode of orders that name none; default `'EXPIRE_TAKER'`. */
    defaultStp: StpMode;
    /** Most slices of an iceberg, 1 to 1,000; default 1,000. */
    maxIcebergParts: number;
    /** When DAY orders expire, `'HH:MM'` in UTC; default `'00:00'`. */
    sessionEnd: string;
}
/** Rules that a symbol may have or not. */
interface OptionalRules<Value> {
    /** Largest price x quantity of a limit order, and largest `quoteQuantity`. */
    maxNotional: Value;
    /** Largest market order by quantity. */
    marketMaxQuantity: Value;
    /** How far limit prices may be from the reference price. */
    bandBps: PriceBand;
    /** No limit price below. */
    priceFloor: Value;
    /** No limit price above. */
    priceCap: Value;
    /** The reference price; without, the last trades tell it. */
    referencePrice: Value;
    /** How far market orders may trade from the best opposite price at entry, 1 to 9,999 basis points. */
    marketProtectionBps: number;
    /** Open orders per account, those that wait for a trigger included. */
    maxOpenOrders: number;
    /** Orders per account that wait for a trigger. */
    maxOpenConditional: number;
    /** Open icebergs per account. */
    maxIceberg: number;
    /** Open OCO pairs per account. */
    maxOpenLists: number;
    /** Most base that an account may own and be buying. */
    maxPosition: Value;
    /** How often an order may be amended. */
    maxAmends: number;
}
/** A symbol to create. `tickSize * lotSize` must be a whole number of quote atoms, so that no trade rounds. */
interface NewSymbol extends Partial<DefaultedRules<DecimalInput>>, Partial<OptionalRules<DecimalInput>> {
    /** 1 to 32 characters of `A-Z a-z 0-9 . _ : / -`, for instance `'BTC-USDT'`. */
    name: string;
    /** Code of the asset that is bought and sold. */
    base: string;
    /** Code of the asset that it is paid with. */
    quote: string;
    /** Prices are multiples of this, in quote per base. */
    tickSize: DecimalInput;
    /** Quantities are multiples of this, in base. */
    lotSize: DecimalInput;
    /** What fees are paid in; default `'received'`. */
    feeMode?: FeeMode;
}
/**
 * Rules to change while the symbol trades; null takes a rule away, or gives it its default. Orders that rest are left
 * as they are.
 */
type SymbolPatch = {
    [Rule in keyof DefaultedRules<DecimalInput>]?: DefaultedRules<DecimalInput>[Rule] | null;
} & {
    [Rule in keyof OptionalRules<DecimalInput>]?: OptionalRules<DecimalInput>[Rule] | null;
};
/** The rules of a symbol; null where it has no such rule. */
type SymbolRules = {
    /** What it accepts now. */
    status: SymbolStatus;
} & DefaultedRules<Decimal> & {
    [Rule in keyof OptionalRules<Decimal>]: OptionalRules<Decimal>[Rule] | null;
};
/** A symbol with its rules. */
type SymbolInfo = {
    /** Its number, from 0 in the order of creation. */
    id: number;
    /** Its name. */
    name: string;
    /** What is bought and sold. */
    base: string;
    /** What it is paid with. */
    quote: string;
    /** Price grid. */
    tickSize: Decimal;
    /** Quantity grid. */
    lotSize: Decimal;
    /** What fees are paid in. */
    feeMode: FeeMode;
    /** Decimals of a price. */
    priceScale: number;
    /** Decimals of a quantity. */
    quantityScale: number;
    /** Decimals of a base amount. */
    baseScale: number;
    /** Decimals of a quote amount. */
    quoteScale: number;
} & SymbolRules & MaybeDuplicate;
/** A symbol after a change of its status. */
interface SymbolStatusChange extends MassCancel, MaybeDuplicate {
    /** The symbol. */
    symbol: SymbolInfo;
}

/**
 * Refusals as typed errors. The code's string is the contract, its number is stable, the text may change.
 * A refused call has changed nothing, but for two codes: `REPLACE_PARTIALLY_FAILED`, whose details say which half
 * of it was done, and `OUTCOME_UNKNOWN`, which leaves open whether it was.
 */

/** What a refusal says beyond its code: figures by name. {@link DetailsByCode} says which, by code. */
type ErrorDetails = Readonly<Record<string, unknown>>;
/** What came of the halves of a cancel-replace. */
type ReplaceHalves = {
    /** The cancel. */
    cancel: BatchItem<CanceledOrder>;
    /** The new order; null if it was not attempted. */
    place: BatchItem<OrderResult> | null;
};
/** Bounds that were exceeded; only those that there are. */
type Range = {
    min?: Decimal;
    max?: Decimal;
};
/** A grid that was missed, and the nearest values on it. */
type Grid = {
    step: Decimal;
    nearest: Decimal[];
};
/** What is not as it was written; as much of it as there is to say. */
type CorruptPlace = {
    /** The file's name in the data directory. */
    file?: string;
    /** Where in it, in bytes. */
    offset?: number;
    /** The record that should be there. */
    seq?: number;
    /** What is wrong. */
    reason: string;
};
/** The details of the codes that have some. */
type DetailsByCode = {
    BAD_PRECISION: {
        decimals?: number;
    };
    PRICE_TICK: Grid;
    PRICE_RANGE: Range;
    PRICE_BAND: Range;
    QTY_LOT: Grid;
    QTY_RANGE: Range;
    NOTIONAL_RANGE: Range;
    SYMBOL_NOT_TRADING: {
        status?: SymbolStatus;
    };
    SYMBOL_CANCEL_ONLY: {
        status?: SymbolStatus;
    };
    SYMBOL_MODE_RESTRICTED: {
        status?: SymbolStatus;
    };
    ICEBERG_PARTS: {
        max: number;
        parts: number;
    };
    TRAILING_RANGE: {
        min: number | Decimal;
        max: number | Decimal;
    };
    TOO_MANY_OPEN_ORDERS: {
        max: number;
    };
    TOO_MANY_AMENDS: {
        max: number;
    };
    INSUFFICIENT_BALANCE: {
        asset: string;
        required: Decimal;
        available: Decimal;
    };
    ORDER_ALREADY_CLOSED: {
        orderId: number;
        status: Extract<OrderStatus, 'FILLED' | 'CANCELED' | 'EXPIRED'>;
        reason: CancelReason | ExpireReason | null;
    };
    WOULD_TRIGGER_IMMEDIATELY: {
        lastPrice?: Decimal;
    };
    OCO_BAD_PRICES: {
        lastPrice?: Decimal;
    };
    REPLACE_PARTIALLY_FAILED: ReplaceHalves;
    REPLACE_FAILED: ReplaceHalves;
    RATE_LIMITED: {
        retryAfterMs: number;
    };
    ASSET_DISABLED: {
        asset: string;
    };
    ASSET_IN_USE: {
        symbol?: string;
    };
    SYMBOL_PRECISION_INEXACT: {
        quoteScaleNeeded?: number;
    };
    SLOW_CONSUMER: {
        from: number;
    };
    JOURNAL_IO: {
        reason: string;
    };
    STORAGE_FULL: {
        reason?: string;
    };
    CORRUPT_STATE: CorruptPlace;
    UNSUPPORTED_VERSION: {
        file?: string;
        found: number;
    };
    UNSAFE_DATA_DIR: {
        reason: string;
    };
};
/** The details of a code, or of each of some codes. */
type DetailsOf<Code extends ErrorCode> = [Code] extends [keyof DetailsByCode] ? Readonly<DetailsByCode[Code]> : ErrorDetails;
/**
 * Every refusal of an engine. Tell them apart by class, by {@link LightningError.is} (both of which type `details`),
 * or by `code`.
 *
 * @example
 * ```ts
 * try {
 *   await engine.placeOrder(order);
 * } catch (error) {
 *   if (error instanceof LightningError && error.is('INSUFFICIENT_BALANCE')) console.log(error.details.required);
 * }
 * ```
 */
declare class LightningError extends Error {
    /** Always `'LightningError'`: tells these errors apart even between the ESM and the CJS build. */
    readonly kind = "LightningError";
    /** Which refusal; see {@link ErrorCode}. */
    readonly code: ErrorCode;
    /** The code's stable number. */
    readonly number: number;
    /** The field of the request that caused it, where there is one. */
    readonly field: string | undefined;
    /** Figures by name; which ones depends on the code. */
    readonly details: ErrorDetails;
    /**
     * True if the same request may succeed when it is sent again; after `RATE_LIMITED` under a new request id, if it
     * had one, because a refusal is the answer to its id.
     */
    readonly retryable: boolean;
    /** Is it this refusal? Then its `details` have a type. */
    is<Code extends ErrorCode>(code: Code): this is this & Coded<Code>;
}
/** What a code tells about an error. */
interface Coded<Code extends ErrorCode> {
    readonly code: Code;
    readonly details: DetailsOf<Code>;
}
/** The request is malformed (1xxx). */
declare class ValidationError extends LightningError {
}
/** The request breaks a rule of its symbol, or there is no such symbol (20xx). */
declare class RuleError extends LightningError {
}
/** The symbol's status forbids it (2001 to 2003). */
declare class MarketClosedError extends LightningError {
    readonly code: 'SYMBOL_NOT_TRADING' | 'SYMBOL_CANCEL_ONLY' | 'SYMBOL_MODE_RESTRICTED';
    readonly details: DetailsOf<MarketClosedError['code']>;
}
/** A limit is reached (205x); where it is a number of orders or amends, `details` have `max`. */
declare class LimitError extends LightningError {
    readonly code: 'TOO_MANY_OPEN_ORDERS' | 'MAX_POSITION' | 'TOO_MANY_AMENDS';
    readonly details: DetailsOf<LimitError['code']>;
}
/** Something about the account or its assets (3xxx). */
declare class AccountError extends LightningError {
}
/** Too little is available; `details` have `asset`, `required` and `available`. */
declare class InsufficientBalanceError extends LightningError {
    readonly code: 'INSUFFICIENT_BALANCE';
    readonly details: DetailsOf<InsufficientBalanceError['code']>;
}
/** There is no such order, or it is another account's. */
declare class OrderNotFoundError extends LightningError {
    readonly code: 'UNKNOWN_ORDER';
    readonly details: DetailsOf<OrderNotFoundError['code']>;
}
/** The order's state, or the last price, forbids it (40xx). */
declare class OrderError extends LightningError {
}
/** The post-only order would trade at once. */
declare class PostOnlyError extends LightningError {
    readonly code: 'POST_ONLY_WOULD_CROSS';
    readonly details: DetailsOf<PostOnlyError['code']>;
}
/** A half of a cancel-replace failed, or both did; `details` have both. */
declare class ReplaceError extends LightningError {
    readonly code: 'REPLACE_PARTIALLY_FAILED' | 'REPLACE_FAILED';
    readonly details: DetailsOf<ReplaceError['code']>;
}
/** A client order id or a request id was used already, or it is too late for the request (4003, 500x). */
declare class ConflictError extends LightningError {
    readonly code: 'DUPLICATE_CLIENT_ORDER_ID' | 'REQUEST_ID_CONFLICT' | 'REQUEST_ID_TOO_OLD' | 'STALE_REQUEST';
    readonly details: DetailsOf<ConflictError['code']>;
}
/** The account places orders faster than it may; `details` have `retryAfterMs`. */
declare class RateLimitError extends LightningError {
    readonly code: 'RATE_LIMITED';
    readonly details: DetailsOf<RateLimitError['code']>;
}
/** An asset or a symbol can't be created, changed or removed like that (6xxx). */
declare class AdminError extends LightningError {
}
/**
 * A stream has ended because its consumer was too slow (7xxx); `details.from` is the first that was missed: a trade id, or
 * a record of the log. Resumed from there (`fromId`, `fromSeq`), a stream begins with a gap: what is forgotten by then.
 */
declare class StreamError extends LightningError {
    readonly code: 'SLOW_CONSUMER';
    readonly details: DetailsOf<StreamError['code']>;
}
/** The engine can't take it now or at all (9xxx). */
declare class SystemError extends LightningError {
}
/** The data directory can't be opened, read or written (9004 to 9007, 9011, 9012). */
declare class StorageError extends SystemError {
    readonly code: 'JOURNAL_IO' | 'CORRUPT_STATE' | 'DATA_DIR_LOCKED' | 'UNSUPPORTED_VERSION' | 'STORAGE_FULL' | 'UNSAFE_DATA_DIR';
    readonly details: DetailsOf<StorageError['code']>;
}
/** The engine halted before it answered: the call may or may not have happened. */
declare class UnknownOutcomeError extends LightningError {
    readonly code: 'OUTCOME_UNKNOWN';
    readonly details: DetailsOf<UnknownOutcomeError['code']>;
}

/** Books and trades. */

/** One price level. */
interface BookLevel {
    /** The price. */
    price: Decimal;
    /** Base resting there; of icebergs only what they show. */
    quantity: Decimal;
    /** Orders resting there. */
    orders: number;
    /** With `cumulative`: base from the best price to here. */
    cumulativeQuantity?: Decimal;
    /** With `cumulative`: quote from the best price to here. */
    cumulativeQuote?: Decimal;
}
/** What best bid and ask say together; all null while a side is empty. */
interface Touch {
    /** Best ask - best bid. */
    spread: Decimal | null;
    /** The spread in basis points of the mid, two decimals, rounded half to even. */
    spreadBps: Decimal | null;
    /** (best bid + best ask) / 2, exact, with one decimal more than a price. */
    mid: Decimal | null;
}
/** A Level2 snapshot: the best levels of both sides. */
interface BookSnapshot extends Touch {
    /** Of which symbol. */
    symbol: string;
    /** Grows by one with every command that changes the book. */
    seq: number;
    /** When the book last changed. */
    ts: number;
    /** Best first: highest price first. */
    bids: BookLevel[];
    /** Best first: lowest price first. */
    asks: BookLevel[];
}
/** Best bid and offer. */
interface Bbo extends Touch {
    /** Of which symbol. */
    symbol: string;
    /** The book's sequence. */
    seq: number;
    /** When the book last changed. */
    ts: number;
    /** The best bid; null without one. */
    bid: BookLevel | null;
    /** The best ask; null without one. */
    ask: BookLevel | null;
}
/**
 * How long a candle is: seconds, minutes, hours, days, a week, a month (`1M`). All begin at whole units of UTC; weeks on
 * Monday, months on their first day, three days counted from 1970-01-01.
 */
type KlineInterval = '1s' | '1m' | '3m' | '5m' | '15m' | '30m' | '1h' | '2h' | '4h' | '6h' | '8h' | '12h' | '1d' | '3d' | '1w' | '1M';
/** A candle: what was traded within an interval. */
interface Kline {
    /** Its first millisecond since 1970. */
    openTime: number;
    /** Its last millisecond: the next one's `openTime` - 1. */
    closeTime: number;
    /** The first trade's price; of a candle without trades this and the next three are the price before it. */
    open: Decimal;
    /** The highest price. */
    high: Decimal;
    /** The lowest price. */
    low: Decimal;
    /** The last trade's price. */
    close: Decimal;
    /** How much base was traded. */
    baseVolume: Decimal;
    /** How much quote was traded. */
    quoteVolume: Decimal;
    /** How many trades. */
    trades: number;
    /** How much base takers bought. */
    takerBuyBase: Decimal;
    /** How much quote takers bought it for. */
    takerBuyQuote: Decimal;
    /** The first trade; null without one. */
    firstTradeId: number | null;
    /** The last trade; null without one. */
    lastTradeId: number | null;
    /**
     * Is it over, and is no trade of it still on its way? It will not change any more then (unless the system's clock is
     * set back).
     */
    closed: boolean;
}
/** Which candles. */
interface KlinesOptions {
    /** The first ones with an `openTime` from here on, in milliseconds since 1970; the newest ones without. */
    from?: number;
    /** None with a later `openTime`, in milliseconds since 1970. */
    to?: number;
    /** How many at most, 1 to 1,000; default 500. */
    limit?: number;
    /** With candles in which nothing was traded: they repeat the price before them. Default true. */
    fill?: boolean;
}
/** Which part of a history of candles. */
interface KlineHistoryOptions {
    /** The first `openTime` wanted, or a time before it, in milliseconds; the symbol's first trade without. */
    from?: number;
    /** The last `openTime` wanted; now without. */
    to?: number;
    /** With candles in which nothing was traded: they repeat the price before them. Default true. */
    fill?: boolean;
}
/** The last 24 hours of a symbol, by whole minutes: 1,440 of them, the running one included. */
interface Ticker {
    /** Of which symbol. */
    symbol: string;
    /** The first millisecond that counts. */
    openTime: number;
    /** When this was asked for. */
    closeTime: number;
    /** The first price of the 24 hours; null without a trade in them. */
    open: Decimal | null;
    /** The highest price; null without a trade. */
    high: Decimal | null;
    /** The lowest price; null without a trade. */
    low: Decimal | null;
    /** The last price, whenever that was; null before the first trade. */
    last: Decimal | null;
    /** Base of the last trade. */
    lastQuantity: Decimal | null;
    /** `last` - `open`; null without a trade. */
    change: SignedDecimal | null;
    /** `change` in percent of `open`, three decimals, rounded half to even. */
    changePercent: SignedDecimal | null;
    /** The volume-weighted average price, with four decimals more than a price, rounded half to even; null without a trade. */
    vwap: Decimal | null;
    /** How much base was traded. */
    baseVolume: Decimal;
    /** How much quote was traded. */
    quoteVolume: Decimal;
    /** The best bid; null without one. */
    bid: BookLevel | null;
    /** The best ask; null without one. */
    ask: BookLevel | null;
    /** The first trade; null without one. */
    firstTradeId: number | null;
    /** The last trade; null without one. */
    lastTradeId: number | null;
    /** How many trades. */
    count: number;
}
/** A trade of the public feed. */
interface Trade {
    /** 1, 2, 3 ... per symbol, without holes. */
    tradeId: number;
    /** Of which symbol. */
    symbol: string;
    /** The maker's price. */
    price: Decimal;
    /** How much base. */
    quantity: Decimal;
    /** How much quote. */
    quoteQuantity: Decimal;
    /** The side of the order that came in. */
    takerSide: Side;
    /** When. */
    ts: number;
    /** The symbol's book sequence of the command that made it. */
    bookSeq: number;
}
/** A trade seen from one of its parties. */
interface MyTrade {
    /** 1, 2, 3 ... per symbol: ids that are missing are trades of others. */
    tradeId: number;
    /** Of which symbol. */
    symbol: string;
    /** The account's order. */
    orderId: number;
    /** The order's side. */
    side: Side;
    /** The maker's price. */
    price: Decimal;
    /** How much base. */
    quantity: Decimal;
    /** How much quote. */
    quoteQuantity: Decimal;
    /** What the account paid; negative is a rebate. */
    fee: SignedDecimal;
    /** The code of the asset that the fee is in. */
    feeAsset: string;
    /** Did the order rest (`'maker'`) or come in (`'taker'`)? */
    liquidity: 'maker' | 'taker';
    /** When. */
    ts: number;
    /** The symbol's book sequence of the command that made it. */
    bookSeq: number;
}
/** Whose trades. */
interface MyTradesFilter {
    /** Whose. */
    accountId: number;
    /** Of which symbol. */
    symbol: string;
    /** The first id wanted; the newest trades without. */
    fromId?: number;
    /** Trades at most, 1 to 1,000; default 100. */
    limit?: number;
}

/** What streams tell. Every message has a `type`. */

/** What every stream can be told. */
interface WatchOptions {
    /**
     * Ends the stream: a `next` that waits, or the next one, rejects with an `AbortError` whose `cause` is the signal's
     * reason, as `events.on` of Node does. What was fetched already is dropped, as by a stream of Node's that is
     * destroyed.
     */
    signal?: AbortSignal;
}
/**
 * What becomes of a lossless stream whose consumer is so slow that what it wants next is not remembered any more.
 * - `'gap'` (default): it is told what it has missed (see {@link Gap}), and goes on.
 * - `'close'`: it ends with `SLOW_CONSUMER`, whose `details.from` says where to resume. What is forgotten already when a
 *   stream begins does not end it: that is a gap.
 */
type SlowPolicy = 'gap' | 'close';
/** How a book is watched. */
interface WatchBookOptions extends WatchOptions {
    /** The best 1 to 20 levels of each side, or `'all'` of them; default 20. */
    levels?: number | 'all';
    /** With how many orders stand at each level; default no. */
    counts?: boolean;
    /** With a checksum of the best ten levels of each side; default no. */
    checksum?: boolean;
    /**
     * Milliseconds, 10 to 3,600,000, after which a consumer that was told nothing is told that nothing has changed; default:
     * never.
     */
    heartbeatMs?: number;
}
/** How trades are watched. */
interface WatchTradesOptions extends WatchOptions {
    /** The first trade wanted, as far back as `history.tradesPerSymbol` reaches; default: the next one. */
    fromId?: number;
    /** If the consumer is too slow; default `'gap'`. */
    slow?: SlowPolicy;
}
/** What becomes of orders: whose, and from when on. */
interface WatchExecutionsOptions extends WatchOptions {
    /** Whose; default: everybody's. */
    accountId?: number;
    /** Those of this record of the log and later ones, as far as they are remembered; default: from now on. */
    fromSeq?: number;
    /** If the consumer is too slow; default `'gap'`. */
    slow?: SlowPolicy;
}
/** Whose balances. */
interface WatchBalancesOptions extends WatchOptions {
    /** Whose; default: everybody's. */
    accountId?: number;
    /** If the consumer is too slow; default `'gap'`. */
    slow?: SlowPolicy;
}
/** A price level: price, quantity, and with `counts` how many orders stand there. */
type StreamLevel = [price: Decimal, quantity: Decimal, orders?: number];
/** What all messages about a book say. */
interface AboutBook {
    /** Of which symbol. */
    symbol: string;
    /** Which opening of the engine numbered it, in milliseconds since 1970: another one counts anew. */
    epoch: number;
    /** The book's sequence number: grows by one with every command that changes the book. */
    seq: number;
    /** When the book last changed, in milliseconds since 1970. */
    ts: number;
}
/** The levels that were asked for. Replaces everything. */
interface BookStreamSnapshot extends AboutBook {
    type: 'snapshot';
    /** Best first: highest price first. */
    bids: StreamLevel[];
    /** Best first: lowest price first. */
    asks: StreamLevel[];
    /** With `checksum`: CRC32 of the best ten levels of each side. */
    checksum?: number;
}
/**
 * What has changed since the message before. It applies to what has the sequence number `prevSeq`; it brings all that
 * has happened up to `seq`, however much that is.
 */
interface BookDelta extends AboutBook {
    type: 'delta';
    /** The `seq` of the message before. */
    prevSeq: number;
    /** Levels with the quantity they have now; zero: there is none any more. Best first. */
    bids: StreamLevel[];
    /** The same. */
    asks: StreamLevel[];
    /** With `checksum`: CRC32 of the best ten levels of each side, once this is applied. */
    checksum?: number;
}
/** Nothing has changed. */
interface BookHeartbeat extends AboutBook {
    type: 'heartbeat';
    /** The `seq` of the message before: the same as `seq`. */
    prevSeq: number;
    /** None. */
    bids: StreamLevel[];
    /** None. */
    asks: StreamLevel[];
    /** With `checksum`: CRC32 of the best ten levels of each side. */
    checksum?: number;
}
/** What {@link Engine.watchBook} tells. */
type BookMessage = BookStreamSnapshot | BookDelta | BookHeartbeat;
/** Best bid and offer, after the price or the quantity of one of them has changed. */
interface BboMessage extends AboutBook, Touch {
    type: 'bbo';
    /** The best bid; null without one. */
    bid: BookLevel | null;
    /** The best ask; null without one. */
    ask: BookLevel | null;
}
/** A trade. */
interface TradeMessage extends Trade {
    type: 'trade';
}
/** What one order that came in has traded at one price. */
interface AggregateTradeMessage {
    type: 'aggregateTrade';
    /** Of which symbol. */
    symbol: string;
    /** The first trade. */
    firstTradeId: number;
    /** The last one. */
    lastTradeId: number;
    /** The price of all of them. */
    price: Decimal;
    /** How much base. */
    quantity: Decimal;
    /** How much quote. */
    quoteQuantity: Decimal;
    /** The side of the order that came in. */
    takerSide: Side;
    /** When. */
    ts: number;
    /** The symbol's book sequence of the command that made them. */
    bookSeq: number;
}
/**
 * What a consumer has missed because it was too slow: trades by their ids ({@link Engine.trades} still has the newest of
 * them), executions and balances by the records of the log.
 */
interface Gap {
    type: 'gap';
    /** Of which symbol; absent where it is none's. */
    symbol?: string;
    /** Of which account; absent where it is none's. */
    accountId?: number;
    /** The first that was missed. */
    from: number;
    /** The last one. */
    to: number;
}
/** An order that rests in a book. */
interface Level3Order {
    /** Its id. */
    orderId: number;
    /** Its price. */
    price: Decimal;
    /** What it shows. */
    quantity: Decimal;
}
/** Every order of a book. Replaces everything. */
interface Level3Snapshot extends AboutBook {
    type: 'snapshot';
    /** Best price first, at each price in the order of time. */
    bids: Level3Order[];
    /** The same. */
    asks: Level3Order[];
}
/**
 * What happened to an order of a book.
 * - `'added'`: it stands at the back of its level, and shows `quantity` (an iceberg's next slice, too).
 * - `'executed'`: so much of what it shows was traded; if that is all of it, it stands there no longer.
 * - `'reduced'`: it shows so much less, without a trade, and keeps its place.
 * - `'removed'`: it was taken out; `quantity` is what it showed.
 */
interface Level3Change extends AboutBook {
    type: 'added' | 'executed' | 'reduced' | 'removed';
    /** Which order. */
    orderId: number;
    /** Its side. */
    side: Side;
    /** Its price. */
    price: Decimal;
    /** How much. */
    quantity: Decimal;
}
/** What {@link Engine.watchLevel3} tells. */
type Level3Message = Level3Snapshot | Level3Change;
/** What became of an order. */
type ExecutionKind = 'NEW' | 'TRIGGERED' | 'TRADE' | 'PREVENTED' | 'AMENDED' | 'CANCELED' | 'EXPIRED';
/** A fill of an execution. */
interface ExecutionFill {
    /** The trade. */
    tradeId: number;
    /** The maker's price. */
    price: Decimal;
    /** How much base. */
    quantity: Decimal;
    /** How much quote. */
    quoteQuantity: Decimal;
    /** What this order paid for it; negative is a rebate. */
    fee: SignedDecimal;
    /** The code of the asset that the fee is in. */
    feeAsset: string;
    /** Did this order rest (`'maker'`) or come in (`'taker'`)? */
    liquidity: 'maker' | 'taker';
}
/**
 * What became of an order.
 * - `'NEW'`: it was accepted and is open, or waits for its trigger; what it traded at once is in it.
 * - `'TRIGGERED'`: its trigger has come.
 * - `'TRADE'`: it traded, and is filled or still open.
 * - `'PREVENTED'`: a part of it was lost to self-trade prevention.
 * - `'AMENDED'`: it was changed.
 * - `'CANCELED'`, `'EXPIRED'`: it is closed; `order.reason` says why.
 */
interface ExecutionMessage {
    type: 'execution';
    /** Whose. */
    accountId: number;
    /** Of which symbol. */
    symbol: string;
    /** What happened. */
    kind: ExecutionKind;
    /** The record of the log that caused it. */
    seq: number;
    /** When, in milliseconds since 1970. */
    ts: number;
    /** The order after it. */
    order: Order;
    /** Base traded in this step. */
    lastQuantity: Decimal;
    /** Quote traded in this step. */
    lastQuote: Decimal;
    /** The trades of this step. */
    fills: ExecutionFill[];
}
/** All open orders of the account; what comes behind it happened later. */
interface ExecutionSnapshot {
    type: 'snapshot';
    /** Whose. */
    accountId: number;
    /** The newest record of the log that it shows. */
    seq: number;
    /** When, in milliseconds since 1970. */
    ts: number;
    /** By ascending id; those that wait for a trigger, too. */
    orders: Order[];
}
/** A balance that has changed. */
interface BalanceMessage extends Balance {
    type: 'balance';
    /** Whose. */
    accountId: number;
    /** The newest record of the log that it shows. */
    seq: number;
    /** When, in milliseconds since 1970. */
    ts: number;
}
/** All balances of the account; what comes behind it happened later. */
interface BalanceSnapshot {
    type: 'snapshot';
    /** Whose. */
    accountId: number;
    /** The newest record of the log that it shows. */
    seq: number;
    /** When, in milliseconds since 1970. */
    ts: number;
    /** By asset. */
    balances: Balance[];
}
/** The engine's own state, and how much room its disk has. */
interface EngineStatusMessage {
    type: 'engine';
    /** What it is doing. */
    state: 'open' | 'closing' | 'closed' | 'halted';
    /** Is there room on the disk? See {@link JournalStats}. */
    room: 'plenty' | 'low' | 'full';
}
/** A symbol was added, changed or removed. */
interface SymbolStatusMessage {
    type: 'symbol';
    /** Which. */
    symbol: string;
    /** Its status; null: it was removed. */
    status: SymbolStatus | null;
}
/** What {@link Engine.watchStatus} tells. */
type StatusMessage = EngineStatusMessage | SymbolStatusMessage;
/** The last 24 hours. */
interface TickerMessage extends Ticker {
    type: 'ticker';
}
/** A candle: the open one as it is now, or one that has closed. */
interface KlineMessage extends Kline {
    type: 'kline';
    /** Of which symbol. */
    symbol: string;
    /** How long it is. */
    interval: KlineInterval;
}

/** What {@link Engine.on} listens to. */

/**
 * The events by name, with what listeners are called with. All but `fatal` come from streams of all symbols, or of all
 * accounts, those that are created later included. What a listener who is slow misses is what a stream would miss
 * ({@link Stream}). What comes from one symbol or account comes in its order; between them there is none.
 */
interface EngineEvents {
    /**
     * The engine has failed and takes nothing any more: `JOURNAL_IO` (the disk failed), `STORAGE_FULL` (it is full) or
     * `INTERNAL` (an invariant is broken). Calls that were unanswered have ended with `OUTCOME_UNKNOWN`. Told once. Close
     * the engine, and open it again.
     */
    fatal: [error: LightningError];
    /** As {@link Engine.watchTrades}. */
    trade: [message: TradeMessage | Gap];
    /** As {@link Engine.watchBbo}. */
    bbo: [message: BboMessage];
    /** As {@link Engine.watchBook} with 20 levels: of each symbol first a snapshot. */
    book: [message: BookMessage];
    /** As {@link Engine.watchTicker}. */
    ticker: [message: TickerMessage];
    /** As {@link Engine.watchExecutions}. */
    execution: [message: ExecutionMessage | Gap];
    /** As {@link Engine.watchBalances}. */
    balance: [message: BalanceMessage | Gap];
    /** As {@link Engine.watchStatus}. */
    status: [message: StatusMessage | Gap];
}

/** How an engine is doing, for whoever operates it. docs/METRICS.md says what to look at. */

/** Why an engine is not well, or not there any more. */
interface HealthReason {
    /**
     * For a program:
     * - `IN_FLIGHT_FULL`: as many calls are in flight as there may be; the next one is refused with `BUSY`.
     * - `JOURNAL_BEHIND`: the disk does not keep up; calls are refused with `BUSY` until it does.
     * - `STORAGE_LOW`: the disk is full; what is not a cancel is refused with `STORAGE_FULL`.
     * - `SNAPSHOT_FAILED`: the last snapshot could not be made. Nothing is lost, but opening takes longer.
     * - of a halted engine, the code of the event `fatal`.
     */
    code: 'IN_FLIGHT_FULL' | 'JOURNAL_BEHIND' | 'STORAGE_LOW' | 'SNAPSHOT_FAILED' | 'INTERNAL' | 'JOURNAL_IO' | 'STORAGE_FULL';
    /** For a person; may change from version to version. */
    message: string;
}
/** What {@link Engine.health} says. */
interface EngineHealth {
    /**
     * - `'ok'`: everything is taken and done.
     * - `'degraded'`: it works, but some calls are refused, or something wants to be looked at.
     * - `'halted'`: it has failed and takes nothing any more (see the event `fatal`).
     * - `'closed'`: it was closed.
     */
    status: 'ok' | 'degraded' | 'halted' | 'closed';
    /** Why; empty for `'ok'` and `'closed'`. */
    reasons: HealthReason[];
}
/** The kinds of calls that are counted. */
type CommandKind = 'deposit' | 'withdraw' | 'transfer' | 'hold' | 'release' | 'placeOrder' | 'testOrder' | 'placeOco' | 'cancelOrder' | 'amendOrder' | 'cancelReplace' | 'cancelAll' | 'cancelAllAfter' | 'collectFees' | 'configureAccount' | 'recall' | 'balances' | 'account' | 'order' | 'orderByClientId' | 'openOrders' | 'closedOrders' | 'ledger' | 'conservation';
/**
 * Where time goes between a call and its answer:
 * - `sequencerWait`: from the call until a sequencer takes its batch.
 * - `sequencerBatch`: one turn of a sequencer, until what follows from it is sent on.
 * - `matcherWait`: from a sequencer until a matcher takes the batch of orders.
 * - `matcherBatch`: one turn of a matcher, until books, trades and settlements are out.
 * - `journalCommit`: writing one group of records; with durability `'sync'`, until it is on the disk.
 * - `journalSync`: one sync that comes later than the writing, with durability `'written'`.
 * - `answerGate`: from the moment when a shard has answers until the last of them may leave.
 * - `command`: a call from its admission until its answer is ready; one call of sixteen of its kind.
 *
 * The first four are empty with `threads: 'inline'`, the next three without a `dataDir`.
 */
type LatencyStage = 'sequencerWait' | 'sequencerBatch' | 'matcherWait' | 'matcherBatch' | 'journalCommit' | 'journalSync' | 'answerGate' | 'command';
/**
 * How long something took, in microseconds, since the engine was opened. Percentiles are at most a 64th too long and
 * never too short; `count`, `mean` and `max` are exact. Zeros, if nothing was measured.
 */
interface LatencySummary {
    /** How often it was measured. */
    count: number;
    /** Microseconds. */
    mean: number;
    /** Microseconds that half of them took at most. */
    p50: number;
    /** Microseconds that 90 % took at most. */
    p90: number;
    /** Microseconds that 99 % took at most. */
    p99: number;
    /** Microseconds that 99.9 % took at most. */
    p999: number;
    /** Microseconds that 99.99 % took at most. */
    p9999: number;
    /** Microseconds that the longest took. */
    max: number;
}
/** Calls, in {@link Metrics}. */
interface CommandMetrics {
    /** Calls admitted since the engine was opened, reads included. */
    total: number;
    /** The same by kind: of raw commands, too. Of batches, each item. */
    byKind: Record<CommandKind, number>;
    /** Calls refused before they were admitted, `BUSY` included. */
    refusedAtEdge: number;
    /** Calls refused with `BUSY`. */
    busy: number;
    /**
     * Refusals that were handed out, by code, whoever decided them. The operator's calls (`assets`, `symbols`) are not
     * among them.
     */
    refusals: Partial<Record<ErrorCode, number>>;
    /** Calls admitted and not settled yet. */
    inFlight: number;
    /** How many there may be: `limits.inFlight`. */
    inFlightMax: number;
}
/** The log on disk, in {@link Metrics}. */
interface JournalMetrics {
    /** Bytes written since the engine was opened. */
    bytes: number;
    /** Bytes that were decided and are not written yet. */
    backlogBytes: number;
    /** The newest record that can't be lost any more. */
    durableSeq: number;
    /** Records that are newer. */
    lagRecords: number;
    /** How old the oldest of them is, in milliseconds; 0 for none. */
    lagMs: number;
    /** Log files prepared for when the present one is full. */
    segmentsPrepared: number;
    /** Is there room on the disk? See {@link JournalStats}. */
    room: 'plenty' | 'low' | 'full';
    /** Snapshots. */
    snapshots: SnapshotMetrics;
}
/** Snapshots, in {@link JournalMetrics}. */
interface SnapshotMetrics {
    /** Snapshots made since the engine was opened. */
    made: number;
    /** Snapshots that could not be made. */
    failed: number;
    /** The last record of the newest one; null if there is none. */
    lastSeq: number | null;
    /** Records that are newer than it: what opening would have to do again. */
    ageRecords: number;
    /** Milliseconds since it was made; null if an earlier engine has made it, or nobody. */
    ageMs: number | null;
    /** How long that took, in milliseconds; null as `ageMs` is. */
    tookMs: number | null;
}
/** Who follows books, trades and accounts, in {@link Metrics}. */
interface StreamMetrics {
    /** Groups of consumers. */
    sessions: number;
    /** Streams that are followed. */
    subscriptions: number;
    /** News that wait to be told. */
    backlog: number;
    /** Updates that were handed out. */
    updates: number;
    /** Updates that slow consumers were spared: a later state took their place. */
    conflated: number;
    /** Gaps that slow consumers were told of. */
    gaps: number;
    /** Streams that were ended because their consumer was too slow. */
    endedSlow: number;
    /** Batches of news that found no room, so that a fresh start was asked for. */
    lost: number;
}
/**
 * What {@link Engine.metrics} says. Counters begin with zero when the engine is opened and never go back. It tells how
 * many, never what or whose, and does not wait for the disk: what is counted may not be durable yet.
 */
interface Metrics {
    /** Milliseconds since the engine was opened. */
    uptimeMs: number;
    /** In a word. */
    health: EngineHealth;
    /** Calls. */
    commands: CommandMetrics;
    /** Trades made. */
    trades: number;
    /** Orders that rest in books. */
    ordersResting: number;
    /** The newest record of the engine's log. */
    seq: number;
    /**
     * What waits for each shard, by its number: batches, each of whatever its sender had. `commands` and `settlements`
     * wait for sequencers, `orders` for matchers. Empty with `threads: 'inline'`.
     */
    queues: {
        commands: number[];
        settlements: number[];
        orders: number[];
    };
    /** How long each stage took, in microseconds. */
    latencyMicros: Record<LatencyStage, LatencySummary>;
    /** The log on disk; null in memory. */
    journal: JournalMetrics | null;
    /** Who follows books, trades and accounts. */
    streams: StreamMetrics;
    /** Bytes of memory that the whole process has; null where the system does not tell (all but Linux). */
    residentBytes: number | null;
}

/** The raw interface: integers in, integers out. */

/** What a raw order may say besides the usual. */
interface RawOrderOptions {
    /** How long; GTC for a limit order and IOC at market by default. */
    timeInForce?: Extract<TimeInForce, 'GTC' | 'IOC' | 'FOK'>;
    /** Only as a maker. */
    postOnly?: boolean;
    /** Self-trade prevention; the symbol's by default. */
    stp?: StpMode;
}
/** A fill of a raw order. */
interface RawFill {
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
interface RawResult {
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

/** Accounts: deposits, withdrawals, transfers, terms, ledgers. */

/** Accounts of an engine. */
declare class Accounts {
    #private;
    /**
     * Adds to an account's available balance. The first deposit makes the account.
     *
     * @throws {@link LightningError} `UNKNOWN_ASSET`, `ASSET_DISABLED`, `ACCOUNT_CLOSED`, `BALANCE_OVERFLOW`, and
     * the codes of bad decimals.
     *
     * @example
     * ```ts
     * const { available } = await engine.accounts.deposit({ accountId: 1, asset: 'USDT', amount: '1000', requestId: 1 });
     * console.log(available); // 1000.000000
     * ```
     */
    deposit(request: FundsRequest): Promise<BalanceChange>;
    /**
     * Takes from an account's available balance. What is frozen can't be withdrawn.
     *
     * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_ASSET`, `ASSET_DISABLED`, `ACCOUNT_SUSPENDED`,
     * `ACCOUNT_CLOSED`, `PERMISSION_DENIED`, `INSUFFICIENT_BALANCE`, and the codes of bad decimals.
     */
    withdraw(request: FundsRequest): Promise<BalanceChange>;
    /**
     * Moves available balance from one account to another, which must exist. Answers with the sender's balance.
     *
     * @throws {@link LightningError} as {@link Accounts.withdraw} for the sender; `UNKNOWN_ACCOUNT`, `ACCOUNT_CLOSED`,
     * `BALANCE_OVERFLOW` for the receiver; `CONFLICTING_FIELDS` if both are the same.
     *
     * @example
     * ```ts
     * const sender = await engine.accounts.transfer({ from: 1, to: 2, asset: 'USDT', amount: '250' });
     * console.log(sender.available); // 750.000000
     * ```
     */
    transfer(request: TransferRequest): Promise<BalanceChange>;
    /**
     * Freezes available balance for a purpose outside the exchange, until {@link Accounts.release}.
     *
     * @throws {@link LightningError} as {@link Accounts.withdraw}.
     */
    hold(request: FundsRequest): Promise<BalanceChange>;
    /**
     * Gives back what {@link Accounts.hold} has frozen.
     *
     * @throws {@link LightningError} `INSUFFICIENT_BALANCE` for more than is held; `UNKNOWN_ACCOUNT`, `UNKNOWN_ASSET`,
     * `ACCOUNT_CLOSED`, and the codes of bad decimals.
     */
    release(request: FundsRequest): Promise<BalanceChange>;
    /**
     * An account's balances, by asset in the order of their creation; zero balances of assets it once had
     * included. With `asset` just that one, zero if it never had any.
     *
     * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_ASSET`.
     */
    balances(accountId: number, options?: {
        asset?: string;
    }): Promise<Balance[]>;
    /**
     * An account's ledger: every change of its balances and why, the newest first, as far back as
     * `history.ledgerEntries` reaches. Read page by page while it is iterated; what happens meanwhile is not in it.
     *
     * @param filter - `asset`: only of this one; `limit`: at most so many entries in all.
     * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_ASSET`, `INVALID_REQUEST`, when it is iterated.
     *
     * @example
     * ```ts
     * for await (const entry of engine.accounts.ledger(1, { asset: 'USDT', limit: 10 })) {
     *   console.log(entry.type, entry.availableChange, entry.available); // DEPOSIT 1000.000000 1000.000000
     * }
     * ```
     */
    ledger(accountId: number, filter?: LedgerFilter): AsyncGenerator<LedgerEntry, void, undefined>;
    /**
     * An account's terms.
     *
     * @throws {@link LightningError} `UNKNOWN_ACCOUNT`.
     */
    get(accountId: number): Promise<AccountInfo>;
    /**
     * Changes what an account may do.
     *
     * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `INVALID_REQUEST` for another word; to `CLOSED`:
     * `HAS_OPEN_ORDERS`, `NON_ZERO_BALANCE`; out of it: `BAD_STATUS_TRANSITION`.
     */
    setStatus(accountId: number, status: AccountStatus, options?: Idempotent): Promise<AccountInfo>;
    /**
     * Gives an account its own fee rates, on one symbol or on all, for orders from now on; null takes them away.
     *
     * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_SYMBOL`, `INVALID_FEE`.
     *
     * @example
     * ```ts
     * await engine.accounts.setFees(1, { makerPpm: -50, takerPpm: 300 }, { symbol: 'BTC-USDT' });
     * await engine.accounts.setFees(1, null, { symbol: 'BTC-USDT' });
     * ```
     */
    setFees(accountId: number, fees: FeeRates | null, options?: Idempotent & {
        symbol?: string;
    }): Promise<AccountInfo>;
    /**
     * Changes what an account is allowed to do.
     *
     * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `MISSING_FIELD`.
     */
    setPermissions(accountId: number, permissions: Permissions, options?: Idempotent): Promise<AccountInfo>;
    /**
     * Puts an account into a group, whose accounts don't trade with each other; null takes it out.
     *
     * @param group - 1 to 2^32 - 1.
     * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `INVALID_REQUEST`.
     */
    setStpGroup(accountId: number, group: number | null, options?: Idempotent): Promise<AccountInfo>;
    /**
     * Bounds how many orders an account may place per time; null takes the bound away.
     *
     * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `INVALID_REQUEST`.
     */
    setRateLimit(accountId: number, rateLimit: RateLimit | null, options?: Idempotent): Promise<AccountInfo>;
}

/**
 * The raw interface: commands and results as records of 64 bytes, integers only. The same table as
 * `native/engine/src/raw`, compared with it by a test.
 *
 * Nothing is decided here, and nothing is checked but that a number is one: the native side judges each record as it
 * judges any other call.
 */

/**
 * Writes commands for {@link Engine.submitRaw}: in ticks, lots and atoms (`SymbolInfo.tickSize`, `lotSize`, an asset's
 * `scale`), with the numbers that symbols and assets have (their `id`). Zero stands for what is not given.
 *
 * A writer can be used again as soon as `submitRaw` has returned: the commands have been copied. Its memory may be a
 * `SharedArrayBuffer`, and workers may write to it at any time; each record is read once, and judged as it was then.
 *
 * @example
 * ```ts
 * const { id } = await engine.symbols.create({ name: 'BTC-USDT', base, quote, tickSize: '0.01', lotSize: '0.0001' });
 * const writer = new CommandWriter(1_000);
 * writer.limit(1, id, 'buy', 10_000, 20_000); // account 1 buys 2.0000 at 100.00
 * const results = await engine.submitRaw(writer);
 * console.log(results.code(0), results.status(0), results.open(0)); // null NEW 20000
 * ```
 */
declare class CommandWriter {
    #private;
    /**
     * @param memory - how many commands it has room for (1 to 65,536), or the memory to write to, 64 bytes a command.
     * @throws {@link LightningError} `INVALID_REQUEST` for anything else.
     */
    constructor(memory?: number | Uint8Array);
    /** The memory: 64 bytes a command, for who writes records by other means. */
    get bytes(): Uint8Array;
    /** How many commands it has room for: less than before, if its memory has been resized or taken away. */
    get capacity(): number;
    /**
     * How many commands are written. Set it to hand over records that were written by other means.
     *
     * @throws {@link LightningError} `INVALID_REQUEST` unless it is a whole number up to `capacity`.
     */
    get count(): number;
    set count(count: number);
    /** True when there is no room for another command. */
    get full(): boolean;
    /** Forgets all commands. */
    clear(): void;
    /** A deposit of so many atoms. */
    deposit(accountId: number, assetId: number, atoms: number | bigint, tag?: number): void;
    /** A withdrawal of so many atoms. */
    withdraw(accountId: number, assetId: number, atoms: number | bigint, tag?: number): void;
    /** An order of so many lots, at so many ticks or better. */
    limit(accountId: number, symbolId: number, side: Side, ticks: number, lots: number, tag?: number, options?: RawOrderOptions): void;
    /** An order of so many lots at market. */
    market(accountId: number, symbolId: number, side: Side, lots: number, tag?: number, options?: RawOrderOptions): void;
    /** An order at market for so many atoms of the quote asset. */
    marketForQuote(accountId: number, symbolId: number, side: Side, atoms: number | bigint, tag?: number, options?: RawOrderOptions): void;
    /** A cancel. */
    cancel(accountId: number, orderId: number, tag?: number): void;
    /** A change of an order's price and whole quantity; zero leaves it as it is. */
    amend(accountId: number, symbolId: number, orderId: number, ticks: number, lots: number, tag?: number): void;
    /** Makes an order's quantity less by so many lots. */
    reduce(accountId: number, symbolId: number, orderId: number, lots: number, tag?: number): void;
}
/**
 * Reads the results of {@link Engine.submitRaw}: one of each command, in their order, each with its fills. A reader that
 * is handed over again is filled anew, which saves its memory.
 *
 * What is a number here is exact: what needs more than 53 bits is a bigint ({@link ResultReader.get}), or refused.
 */
declare class ResultReader {
    #private;
    /** @param capacity - results to make room for; more room is made as it is needed. */
    constructor(capacity?: number);
    /** How many results. */
    get count(): number;
    /** How many fills, of all results. */
    get fillCount(): number;
    /** The code of a refusal; null for what was done. */
    code(index: number): ErrorCode | null;
    /** The command's tag. */
    tag(index: number): number;
    /** The order's id: of the new order, or of the one that was canceled or amended. 0 where there is none. */
    orderId(index: number): number;
    /** Where the order stands. Of a refusal and of a deposit it says nothing. */
    status(index: number): OrderStatus;
    /** Why the order was canceled or has expired. */
    reason(index: number): StatusReason | null;
    /** Lots that were filled by this very command; of a cancel, lots that were canceled. */
    quantity(index: number): number;
    /** Lots that are still open. */
    open(index: number): number;
    /**
     * Atoms: of an order the quote that was traded; of a cancel what was released, in the asset that the order gives; of a
     * deposit or withdrawal what is available now.
     */
    amount(index: number): bigint;
    /** The record of the log that says it. */
    seq(index: number): number;
    /** How many fills the order had at once. */
    fills(index: number): number;
    /** One of them. */
    fill(index: number, which: number): RawFill;
    /** All of a result as an object. */
    get(index: number): RawResult;
}

/** A stream, as its consumer has it. */
/**
 * Messages as they come: iterate it with `for await`.
 *
 * It begins when it is made, not when it is first read: what happens from then on is in it. But for the first batch,
 * nothing is fetched before somebody asks, and then one batch at a time, so that a slow consumer costs no memory. What a consumer who is slow
 * misses depends on what is watched: states of a book, of best prices, of tickers and candles between two messages are
 * left out (it gets the newest, and what has changed since the last one it got); of trades, executions and balances
 * nothing is left out without saying so ({@link Gap}, or `SLOW_CONSUMER`).
 *
 * It ends when it is left (`break`, `return`), when its signal is aborted (with an `AbortError`), when its symbol is
 * removed, and when the engine is closed, after all that has happened until then; if the engine has halted, with why it
 * has. A stream that nobody holds any more ends by itself. A stream, also one that is waited for, does not keep the
 * process alive.
 *
 * @example
 * ```ts
 * for await (const message of engine.watchBook('BTC-USDT', { levels: 5 })) {
 *   console.log(message.type, message.seq, message.bids[0]);
 *   if (message.seq > 1_000) break;
 * }
 * ```
 */
declare class Stream<Message> implements AsyncIterableIterator<Message> {
    #private;
    /**
     * The next message, when there is one. May be called again before it has come.
     *
     * @throws {@link LightningError} `SLOW_CONSUMER` with the policy `'close'`; why the engine has halted. An `AbortError`
     * after an abort. Once: after it, the stream is over.
     */
    next(): Promise<IteratorResult<Message, undefined>>;
    /** Ends it: whoever waits is told that it is over. */
    return(): Promise<IteratorResult<Message, undefined>>;
    /**
     * The same messages, as many at a time as there are: at least one, about a thousand at most. Costs one promise for all of
     * them, which is worth it from about 100,000 messages a second. Leaving it ends the stream.
     *
     * @example
     * ```ts
     * for await (const trades of engine.watchTrades('BTC-USDT').batches()) console.log(trades.length);
     * ```
     */
    batches(): AsyncIterableIterator<readonly Message[]>;
    /** Itself: what was read already does not come again. */
    [Symbol.asyncIterator](): this;
    /** `await using` ends it at the end of the block. */
    [Symbol.asyncDispose](): Promise<void>;
}

/** Trades as numbers: what a consumer of millions of them reads. */

/**
 * Some trades, ascending, as {@link Engine.watchTrades} tells them with `raw`: numbers read by their index, with no object
 * for each. Iterate it to have objects after all. It stays as it is, however long it is kept.
 *
 * @example
 * ```ts
 * for await (const batch of engine.watchTrades('BTC-USDT', { raw: true })) {
 *   if (batch.type === 'gap') continue;
 *   for (let index = 0; index < batch.length; index += 1) sum += batch.ticks(index) * batch.lots(index);
 * }
 * ```
 */
declare class TradeBatch implements Iterable<TradeMessage> {
    #private;
    /** Tells it from a {@link Gap}. */
    readonly type = "trades";
    /** Of which symbol. */
    readonly symbol: string;
    /** How many trades; one at least. */
    readonly length: number;
    /**
     * A trade's id.
     *
     * @throws {@link RangeError} if there is no such index; here and in all that follow.
     */
    tradeId(index: number): number;
    /** Its price in ticks (`SymbolInfo.tickSize`). A RangeError if that needs more than 53 bits. */
    ticks(index: number): number;
    /** Its quantity in lots (`SymbolInfo.lotSize`). A RangeError if that needs more than 53 bits. */
    lots(index: number): number;
    /** Its quote amount in atoms of the quote asset. */
    quoteAtoms(index: number): bigint;
    /** When, in milliseconds since 1970. */
    ts(index: number): number;
    /** The side of the order that came in. */
    takerSide(index: number): Side;
    /** The symbol's book sequence of the command that made it. */
    bookSeq(index: number): number;
    /** A trade as an object. */
    get(index: number): TradeMessage;
    /** Each trade as an object. */
    [Symbol.iterator](): Generator<TradeMessage, void, undefined>;
}

/** What of an engine can be followed. */

/**
 * The streams of an {@link Engine}. What is wrong with the arguments is thrown at once, by the call: a stream begins
 * when it is made, not when it is first read, so that what the next line does is in it.
 */
declare abstract class Watching {
    #private;
    /**
     * Follows a book's levels: first a snapshot, and then what has changed since what this consumer was told last. A slow
     * consumer gets fewer messages with more in each, never a stale one: each shows the book as it is when it is fetched.
     *
     * A message is applied if its `prevSeq` is the `seq` of the one before; a snapshot may come at any time, and replaces
     * everything. Sequence numbers are those of {@link Engine.book}.
     *
     * @throws {@link LightningError} `UNKNOWN_SYMBOL`, `INVALID_DEPTH`, `INVALID_REQUEST`, `ENGINE_CLOSED`; an
     * `AbortError` if the signal is aborted already. So do all that follow.
     *
     * @example
     * ```ts
     * const bids = new Map<string, string>();
     * for await (const message of engine.watchBook('BTC-USDT', { levels: 20, signal: AbortSignal.timeout(1_000) })) {
     *   if (message.type === 'snapshot') bids.clear();
     *   for (const [price, quantity] of message.bids) {
     *     if (Number(quantity) === 0) bids.delete(price);
     *     else bids.set(price, quantity);
     *   }
     * }
     * ```
     */
    watchBook(symbol: string, options?: WatchBookOptions): Stream<BookMessage>;
    /**
     * Follows best bid and offer: first what they are, and then each change of a price or a quantity there, or of several
     * at once for a slow consumer.
     *
     * @example
     * ```ts
     * for await (const { bid, ask, mid } of engine.watchBbo('BTC-USDT')) console.log(bid?.price, ask?.price, mid);
     * ```
     */
    watchBbo(symbol: string, options?: WatchOptions): Stream<BboMessage>;
    /**
     * Follows every order of a book: first all of them, and then what happens to each. Lossless; a consumer who is too
     * slow gets a snapshot again.
     *
     * Orders of icebergs show what they show. Costs a matcher more than levels do: only while it is watched.
     */
    watchLevel3(symbol: string, options?: WatchOptions): Stream<Level3Message>;
    /**
     * Follows trades: from the next one, or from an id on. Lossless: ids follow each other, or a {@link Gap} says which are
     * missing ({@link Engine.trades} may still have them), or with `slow: 'close'` the stream ends with `SLOW_CONSUMER`.
     *
     * @param options - `aggregate`: what one order has traded at one price as one; `raw`: as numbers, many at a time, see
     * {@link TradeBatch}.
     *
     * @example
     * ```ts
     * let fromId = 1;
     * for await (const trade of engine.watchTrades('BTC-USDT', { fromId })) {
     *   fromId = (trade.type === 'gap' ? trade.to : trade.tradeId) + 1; // where to resume
     * }
     * ```
     */
    watchTrades(symbol: string, options: WatchTradesOptions & {
        raw: true;
    }): Stream<TradeBatch | Gap>;
    watchTrades(symbol: string, options: WatchTradesOptions & {
        aggregate: true;
    }): Stream<AggregateTradeMessage | Gap>;
    watchTrades(symbol: string, options?: WatchTradesOptions & {
        raw?: false;
        aggregate?: false;
    }): Stream<TradeMessage | Gap>;
    /**
     * Follows what was traded within the last 24 hours: first what it is, then what it has become, whenever somebody has
     * traded or a minute has passed.
     */
    watchTicker(symbol: string, options?: WatchOptions): Stream<TickerMessage>;
    /**
     * Follows the candles of a symbol: those that close, and the open one as it is now. A slow consumer gets the open one
     * less often, and each closed one all the same, as far back as they are remembered.
     *
     * @throws {@link LightningError} `INVALID_INTERVAL`.
     *
     * @example
     * ```ts
     * for await (const kline of engine.watchKlines('BTC-USDT', '1m')) if (kline.closed) console.log(kline.close);
     * ```
     */
    watchKlines(symbol: string, interval: KlineInterval, options?: WatchOptions): Stream<KlineMessage>;
    /**
     * Follows what becomes of orders: of one account, whose open orders come first, or of everybody. Lossless, as trades
     * are; a consumer who was told a {@link Gap} reads open orders anew ({@link Engine.openOrders}).
     *
     * Where shards have threads, a stream of everybody begins a moment later than it is made: when all of them have been
     * told. With `fromSeq` (`engine.stats().seq + 1` for what comes next) a {@link Gap} says what was missed until then.
     *
     * @example
     * ```ts
     * for await (const message of engine.watchExecutions({ accountId: 1 })) {
     *   if (message.type === 'execution') console.log(message.kind, message.order.orderId, message.order.status);
     * }
     * ```
     */
    watchExecutions(options: WatchExecutionsOptions & {
        accountId: number;
    }): Stream<ExecutionSnapshot | ExecutionMessage | Gap>;
    watchExecutions(options?: WatchExecutionsOptions): Stream<ExecutionMessage | ExecutionSnapshot | Gap>;
    /**
     * Follows balances: of one account, all of them first, or of everybody; each after whatever has changed it. Lossless,
     * as trades are; a consumer who was told a {@link Gap} reads balances anew ({@link Accounts.balances}). One of
     * everybody begins when {@link Engine.watchExecutions} of everybody does.
     *
     * @example
     * ```ts
     * for await (const message of engine.watchBalances({ accountId: 1 })) {
     *   if (message.type === 'balance') console.log(message.asset, message.available);
     * }
     * ```
     */
    watchBalances(options?: WatchBalancesOptions): Stream<BalanceSnapshot | BalanceMessage | Gap>;
    /** Follows the engine's own state, first as it is, and what operators do with symbols. */
    watchStatus(options?: WatchOptions): Stream<StatusMessage | Gap>;
}

/** Assets and symbols: what is traded for what, and by which rules. */

/** Assets of an engine. Every call here is an operator's. */
declare class Assets {
    #private;
    /**
     * Creates an asset.
     *
     * @throws {@link LightningError} `ASSET_EXISTS`, `INVALID_REQUEST` for a bad code or scale.
     */
    create(asset: NewAsset, options?: AdminOptions): Promise<Asset>;
    /**
     * An asset by its code.
     *
     * @throws {@link LightningError} `UNKNOWN_ASSET`.
     */
    get(code: string): Asset;
    /** Every asset, in the order of creation. */
    list(): Asset[];
    /**
     * Changes what people call an asset, or whether it can be moved and traded.
     *
     * @throws {@link LightningError} `UNKNOWN_ASSET`, `NO_CHANGE` without a field.
     */
    update(code: string, patch: AssetPatch, options?: AdminOptions): Promise<Asset>;
    /**
     * Removes an asset that no symbol trades and nobody owns anything of. Its code is free again.
     *
     * @throws {@link LightningError} `UNKNOWN_ASSET`, `ASSET_IN_USE`.
     */
    remove(code: string, options?: AdminOptions): Promise<void>;
}
/** Symbols of an engine. Every call here is an operator's. */
declare class Symbols {
    #private;
    /**
     * Creates a symbol with an empty book; orders are taken as soon as this resolves.
     *
     * @throws {@link LightningError} `SYMBOL_EXISTS`, `UNKNOWN_ASSET`, `SYMBOL_PRECISION_INEXACT` when a trade
     * could round (its `details` name the scale that the quote asset would need) or an order could overflow,
     * `INVALID_FEE`, `INVALID_REQUEST` and the codes of bad decimals otherwise.
     *
     * @example
     * ```ts
     * await engine.symbols.create({
     *   name: 'BTC-USDT', base: 'BTC', quote: 'USDT', tickSize: '0.01', lotSize: '0.0001',
     *   minNotional: '5', fees: { makerPpm: 200, takerPpm: 750 }, bandBps: { bidUp: 500, bidDown: 9000, askUp: 9000, askDown: 500 },
     * });
     * ```
     */
    create(symbol: NewSymbol, options?: AdminOptions): Promise<SymbolInfo>;
    /**
     * A symbol with its rules, by its name.
     *
     * @throws {@link LightningError} `UNKNOWN_SYMBOL`.
     */
    get(name: string): SymbolInfo;
    /** Every symbol, in the order of creation. */
    list(): SymbolInfo[];
    /**
     * What of a symbol may change while it trades: its status and its rules.
     *
     * @throws {@link LightningError} `UNKNOWN_SYMBOL`.
     */
    rules(name: string): SymbolRules;
    /**
     * Changes some rules of a symbol, for orders from now on; those that rest stay as they are. Null takes a rule away.
     *
     * @throws {@link LightningError} `UNKNOWN_SYMBOL`, `NO_CHANGE` without a field, `IMMUTABLE_FIELD` for base, quote,
     * `tickSize`, `lotSize` and `feeMode`, `INVALID_FEE`, `SYMBOL_PRECISION_INEXACT`, and the codes of bad decimals.
     *
     * @example
     * ```ts
     * await engine.symbols.update('BTC-USDT', { fees: { makerPpm: 0, takerPpm: 500 }, maxNotional: null });
     * ```
     */
    update(name: string, patch: SymbolPatch, options?: AdminOptions): Promise<SymbolInfo>;
    /**
     * Changes what a symbol accepts.
     *
     * @param options - `cancelOpen`: cancels its open orders with it, which `CLOSED` needs if there are any.
     * @throws {@link LightningError} `UNKNOWN_SYMBOL`, `SYMBOL_IN_USE`, `BAD_STATUS_TRANSITION` out of `CLOSED`,
     * `INVALID_REQUEST` for another word.
     *
     * @example
     * ```ts
     * const { orders } = await engine.symbols.setStatus('BTC-USDT', 'HALT', { cancelOpen: true });
     * console.log(`${orders.length} orders canceled`);
     * ```
     */
    setStatus(name: string, status: SymbolStatus, options?: AdminOptions & {
        cancelOpen?: boolean;
    }): Promise<SymbolStatusChange>;
    /**
     * Removes a symbol. Its name is free again. Collect its fees first: nobody could afterwards.
     *
     * @param options - `force`: cancels its open orders first (`SYMBOL_CLOSED`).
     * @throws {@link LightningError} `UNKNOWN_SYMBOL`, `SYMBOL_IN_USE` if it has open orders and is not forced, or fees
     * that were not collected.
     */
    remove(name: string, options?: AdminOptions & {
        force?: boolean;
    }): Promise<SymbolCancelResult>;
}

/**
 * The engine as TypeScript sees it: typed calls, promises that always settle, errors with stable codes.
 *
 * Nothing about trading is decided here; what is shared by all of it stands in `core.ts`.
 */

/**
 * An exchange: assets, symbols, accounts, order books.
 *
 * Promises resolve when everything the call did is settled, so that whatever is read afterwards (balances of
 * all parties, orders, the book) shows it. Calls of one account are handled in the order they are made; but in
 * threaded mode one that spends what an earlier one frees (a cancel, a sale) must await it, because its funds
 * are looked at when it arrives, and the earlier one may still be on its way through its book.
 *
 * @example
 * ```ts
 * const engine = await Engine.open();
 * await engine.assets.create({ code: 'BTC', scale: 8 });
 * await engine.assets.create({ code: 'USDT', scale: 6 });
 * await engine.symbols.create({ name: 'BTC-USDT', base: 'BTC', quote: 'USDT', tickSize: '0.01', lotSize: '0.0001' });
 * await engine.accounts.deposit({ accountId: 1, asset: 'USDT', amount: '1000' });
 * const order = await engine.placeOrder({
 *   accountId: 1, symbol: 'BTC-USDT', side: 'buy', type: 'limit', price: '100', quantity: '2',
 * });
 * console.log(order.status, order.reserved); // NEW { asset: 'USDT', amount: '200.000000' }
 * await engine.close();
 * ```
 */
declare class Engine extends Watching {
    #private;
    /** Assets: what balances are in. */
    readonly assets: Assets;
    /** Symbols: what is traded for what, and by which rules. */
    readonly symbols: Symbols;
    /** Accounts: deposits, withdrawals, balances. */
    readonly accounts: Accounts;
    /** What was found in the data directory when the engine was opened; undefined in memory. */
    readonly recovery: RecoveryReport | undefined;
    private constructor();
    /**
     * Opens an engine: in memory, or with a `dataDir` in which everything is kept. What was kept before is recovered
     * from the newest snapshot and the log behind it, in a thread of its own, and the engine goes on where it was.
     *
     * Nothing in the directory is changed unless all of it is found to be whole; an opening that is refused can be
     * repeated when its cause is gone. `docs/DURABILITY.md` says what each refusal asks for.
     *
     * @param config - where its shards run, where everything is kept, and what bounds its memory; everything has a
     * default.
     * @throws {@link LightningError} `INVALID_REQUEST` for an option of a wrong type or out of range;
     * {@link StorageError} `DATA_DIR_LOCKED` while another engine has the directory open, `CORRUPT_STATE` for what is not
     * as it was written (`details`: which file, where in it, which record, for what reason), `UNSUPPORTED_VERSION`,
     * `UNSAFE_DATA_DIR` if others may write to it, `JOURNAL_IO` if the system refuses.
     *
     * @example
     * ```ts
     * const engine = await Engine.open({ dataDir: './data' });
     * console.log(engine.recovery?.seq, engine.recovery?.ms);
     * ```
     */
    static open(config?: EngineConfig): Promise<Engine>;
    /**
     * Places an order. Resolves when it has traded what it could and everybody's balances are settled: with its
     * status, its fills, and what is still reserved for it. What became of an accepted order is a status, never
     * an error.
     *
     * Hover over the order types for what each of them means: {@link LimitOrder}, {@link MarketOrder},
     * {@link StopOrder}, {@link StopLimitOrder}, {@link TakeProfitOrder}, {@link TakeProfitLimitOrder},
     * {@link TrailingStopOrder}.
     *
     * @throws {@link LightningError} when the order is refused; nothing has changed then. Always in this order: the
     * shape (1xxx), the request id (500x), the symbol and its status (`UNKNOWN_SYMBOL`, 200x), the combination of
     * fields, the symbol's rules (201x to 204x), `STALE_REQUEST`, the account (300x), `RATE_LIMITED`,
     * `DUPLICATE_CLIENT_ORDER_ID`, `PRICE_BAND`, limits (205x), post-only and trigger (401x), funds
     * (`INSUFFICIENT_BALANCE`).
     *
     * @example
     * ```ts
     * const order = await engine.placeOrder({
     *   accountId: 1, symbol: 'BTC-USDT', side: 'buy', type: 'limit', price: '100', quantity: '2',
     *   timeInForce: 'IOC', clientOrderId: 'mine-1', requestId: 17,
     * });
     * console.log(order.status, order.reason, order.fills); // EXPIRED IOC_REMAINDER []
     * ```
     */
    placeOrder(order: NewOrder): Promise<OrderResult>;
    /**
     * Places an order and has its result at once: {@link Engine.placeOrder} without a promise, for an engine that runs in
     * the caller's thread (`threads: 'inline'`). Calls that were made before are done before.
     *
     * @throws {@link LightningError} as {@link Engine.placeOrder}; `NOT_SUPPORTED` if the engine has threads, whose
     * answers come later.
     *
     * @example
     * ```ts
     * const engine = await Engine.open({ threads: 'inline' });
     * const order = engine.submit({
     *   accountId: 1, symbol: 'BTC-USDT', side: 'buy', type: 'limit', price: '100', quantity: '2',
     * });
     * ```
     */
    submit(order: NewOrder): OrderResult;
    /**
     * Places several orders, one after the other, and has their results at once: {@link Engine.placeOrders} without a
     * promise, for an engine that runs in the caller's thread (`threads: 'inline'`).
     *
     * @param orders - 1,000 at most.
     * @throws {@link LightningError} `BATCH_TOO_LARGE`, `NOT_SUPPORTED`; what is wrong with an order is in its item.
     */
    submitBatch(orders: readonly NewOrder[]): BatchItem<OrderResult>[];
    /**
     * Makes a batch of raw commands: integers only, in records of 64 bytes. They are judged as any other call is, and get
     * the same codes, without sentences. Resolves when all of them are answered, with a result of each, in their order;
     * what is wrong with a command is in its result.
     *
     * Commands are copied before this returns: the writer can be used again. Commands of one account are done in their
     * order; where too many are in flight (`limits.inFlight`) the rest of a batch is `BUSY`, and can be sent again.
     *
     * @param reader - where the results go; a new one by default. It is filled when the promise resolves.
     * @throws {@link LightningError} `BUSY` if too many results wait to be taken (1,048,576), `ENGINE_CLOSED`,
     * `INVALID_REQUEST` for what is no writer or reader, a writer whose memory was taken away, or a reader that waits
     * for other results. Nothing was done then.
     *
     * @example
     * ```ts
     * const writer = new CommandWriter();
     * writer.limit(1, symbol.id, 'sell', 10_000, 5);
     * const results = await engine.submitRaw(writer);
     * if (results.code(0) === null) console.log(results.orderId(0), results.quantity(0));
     * ```
     */
    submitRaw(writer: CommandWriter, reader?: ResultReader): Promise<ResultReader>;
    /**
     * The same with its results at once, for an engine that runs in the caller's thread (`threads: 'inline'`).
     *
     * @throws {@link LightningError} as {@link Engine.submitRaw}; `NOT_SUPPORTED` if the engine has threads.
     */
    submitRawNow(writer: CommandWriter, reader?: ResultReader): ResultReader;
    /**
     * What an order would do, were it placed now; it is judged like one, and nothing is done.
     *
     * @throws {@link LightningError} as {@link Engine.placeOrder}.
     */
    testOrder(order: NewOrder): Promise<TestResult>;
    /**
     * Places a pair of orders of which one cancels the other: see {@link NewOco}.
     *
     * @throws {@link LightningError} as {@link Engine.placeOrder}; `OCO_BAD_PRICES`, `NO_REFERENCE_PRICE`.
     */
    placeOco(oco: NewOco): Promise<OcoResult>;
    /**
     * Places several orders, each independently of the others, in their order; the answers are in the same order.
     *
     * @param orders - 1,000 at most.
     * @throws {@link LightningError} `BATCH_TOO_LARGE`; what is wrong with an order is in its item.
     *
     * @example
     * ```ts
     * const items = await engine.placeOrders([first, second]);
     * for (const item of items) console.log(item.ok ? item.result.orderId : item.error.code);
     * ```
     */
    placeOrders(orders: readonly NewOrder[]): Promise<BatchItem<OrderResult>[]>;
    /**
     * Cancels an open order of the account, and releases exactly what was still reserved for it. Of a pair, both go.
     *
     * @throws {@link LightningError} `UNKNOWN_ORDER` for an order that does not exist or is another account's (by client
     * order id also for one that is closed), `ORDER_ALREADY_CLOSED` with its final status in `details`,
     * `CANCEL_RESTRICTED` if `onlyIf` does not hold.
     *
     * @example
     * ```ts
     * const canceled = await engine.cancelOrder({ accountId: 1, clientOrderId: 'mine-1', onlyIf: 'NEW' });
     * console.log(canceled.released); // { asset: 'USDT', amount: '200.000000' }
     * ```
     */
    cancelOrder(request: CancelRequest): Promise<CancelResult>;
    /**
     * Cancels several orders, each independently of the others; the answers are in the same order.
     *
     * @param requests - 1,000 at most.
     * @throws {@link LightningError} `BATCH_TOO_LARGE`; what is wrong with a cancel is in its item.
     */
    cancelOrders(requests: readonly CancelRequest[]): Promise<BatchItem<CancelResult>[]>;
    /**
     * Changes an open order's quantity or limit price; it keeps its id. Less quantity alone keeps its place in the
     * queue; otherwise it comes in again, and trades if it crosses. An order that waits for its trigger changes in
     * place. A refusal leaves it as it was. The order may be amended again before the answer is there.
     *
     * @throws {@link LightningError} `UNKNOWN_ORDER`, `ORDER_ALREADY_CLOSED`, `TOO_MANY_AMENDS`, the symbol's rules,
     * `AMEND_NOT_ALLOWED`, `NO_CHANGE`, `QTY_BELOW_FILLED`, `PRICE_BAND`, `POST_ONLY_WOULD_CROSS`,
     * `INSUFFICIENT_BALANCE` for what it needs more; `BUSY` if it depends on amends in flight whether it can have that,
     * or whether it keeps the rules.
     *
     * @example
     * ```ts
     * const amended = await engine.amendOrder({ accountId: 1, symbol: 'BTC-USDT', orderId, reduceBy: '0.5' });
     * console.log(amended.openQuantity, amended.priorityKept); // 1.5000 true
     * ```
     */
    amendOrder(request: AmendRequest): Promise<AmendResult>;
    /**
     * Cancels an order and places another one of the same account and symbol. What the old order frees counts for the
     * new one.
     *
     * @throws {@link ReplaceError} `REPLACE_PARTIALLY_FAILED` if one half was done and the other was not,
     * `REPLACE_FAILED` if nothing was; both halves are in its `details`. {@link LightningError} for malformed requests.
     *
     * @example
     * ```ts
     * const { placed } = await engine.cancelReplace({
     *   accountId: 1, cancel: { orderId }, mode: 'ATOMIC',
     *   place: { symbol: 'BTC-USDT', side: 'buy', type: 'limit', price: '101', quantity: '2' },
     * });
     * ```
     */
    cancelReplace(request: ReplaceRequest): Promise<ReplaceResult>;
    /**
     * Cancels all of an account's open orders that match, those that wait for a trigger included; none is no error.
     *
     * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_SYMBOL`, `INVALID_SIDE`, `INVALID_CLIENT_ORDER_ID`.
     *
     * @example
     * ```ts
     * const { orders, released } = await engine.cancelAll({ accountId: 1, symbol: 'BTC-USDT', side: 'buy' });
     * console.log(orders.length, released); // 3 [{ asset: 'USDT', amount: '600.000000' }]
     * ```
     */
    cancelAll(request: CancelAllRequest): Promise<CancelAllResult>;
    /**
     * Sets an account's dead-man timer: unless it is set again before, everything that the account has open then is
     * canceled (`DEADMAN`), once. Zero disarms it.
     *
     * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `INVALID_REQUEST`.
     */
    cancelAllAfter(request: CancelAllAfterRequest): Promise<CancelTimer>;
    /**
     * Cancels every open order of a symbol (`ADMIN`). An operator's call.
     *
     * @throws {@link LightningError} `UNKNOWN_SYMBOL`.
     */
    cancelSymbolOrders(symbol: string, options?: AdminOptions): Promise<SymbolCancelResult>;
    /**
     * Moves the fees that have accrued at a symbol, or at all of them one after the other, to an account. An operator's
     * call.
     *
     * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_SYMBOL`, `CONFLICTING_FIELDS` for a request id without
     * a symbol.
     */
    collectFees(request: CollectFeesRequest): Promise<CollectedFees>;
    /**
     * One order, open or recently closed.
     *
     * @throws {@link LightningError} `UNKNOWN_ORDER`.
     */
    order(orderId: number): Promise<Order>;
    /**
     * One live order by the account's own name for it.
     *
     * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_ORDER`, `INVALID_CLIENT_ORDER_ID`.
     */
    orderByClientId(accountId: number, clientOrderId: string): Promise<Order>;
    /**
     * Open orders, those that wait for a trigger included, by ascending id (of one account that is the order of
     * acceptance): of one account or of all, of one symbol or of all.
     *
     * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_SYMBOL`, `INVALID_REQUEST`.
     */
    openOrders(filter?: OpenOrdersFilter): Promise<Order[]>;
    /**
     * Closed orders of an account that are still remembered, the last closed first, page by page.
     *
     * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_SYMBOL`, `INVALID_REQUEST`.
     *
     * @example
     * ```ts
     * let page = await engine.orders({ accountId: 1 });
     * while (page.next !== null) page = await engine.orders({ accountId: 1, cursor: page.next });
     * ```
     */
    orders(filter: OrdersFilter): Promise<OrdersPage>;
    /**
     * Closed orders of an account, the first closed first, each as {@link Engine.order} told it while it was remembered,
     * and `seq`, the record of the log that closed it. With a `dataDir`: all that the journal leads to, found as
     * {@link Engine.tradeHistory} finds trades; where `retention` has put records away, it begins with the oldest record.
     * In memory: those that are remembered (`history.closedOrders`).
     *
     * `seq` is the cursor. Several orders may have the same, where one record closed all of them. What happens meanwhile is
     * not in it; go on later with `fromSeq: seq + 1`, or, if you have left in the middle, with `fromSeq: seq`, and what you
     * have of that record comes again. Executions and gaps of {@link Engine.watchExecutions} use the same numbers.
     *
     * @param options - `symbol`: only of this one; `fromSeq`, `toSeq`: closed by these records, or any between them.
     * @throws {@link LightningError} when it is iterated: `UNKNOWN_ACCOUNT`, and as {@link Engine.tradeHistory}.
     *
     * @example
     * ```ts
     * for await (const { seq, orderId, status, filledQuantity } of engine.orderHistory(1, { symbol: 'BTC-USDT' })) {
     *   console.log(seq, orderId, status, filledQuantity);
     * }
     * ```
     */
    orderHistory(accountId: number, options?: OrderHistoryOptions): AsyncGenerator<ClosedOrder, void, undefined>;
    /**
     * An account's own trades of a symbol in ascending order of their ids: the newest ones, or those from an id on, as
     * far back as `history.tradesPerSymbol` reaches. A trade of an account with itself is there twice, once for each of
     * its orders.
     *
     * @throws {@link LightningError} `UNKNOWN_SYMBOL`, `INVALID_REQUEST`.
     */
    myTrades(filter: MyTradesFilter): Promise<MyTrade[]>;
    /**
     * The best levels of a symbol's book, right now. Shows the effects of every call that has been answered.
     *
     * @param options - `levels`: 1 to 20, default 20; `cumulative`: with running sums of quantity and quote.
     * @throws {@link LightningError} `UNKNOWN_SYMBOL`, `INVALID_DEPTH`.
     */
    book(symbol: string, options?: {
        levels?: number;
        cumulative?: boolean;
    }): BookSnapshot;
    /**
     * Best bid and offer, right now.
     *
     * @throws {@link LightningError} `UNKNOWN_SYMBOL`.
     */
    bbo(symbol: string): Bbo;
    /**
     * Public trades in ascending order of their ids: the newest ones, or those from an id on.
     *
     * @param options - `fromId`: the first id wanted; `limit`: how many at most, 1 to 1,000, default 100.
     * @throws {@link LightningError} `UNKNOWN_SYMBOL`, `INVALID_REQUEST`.
     */
    trades(symbol: string, options?: {
        fromId?: number;
        limit?: number;
    }): Trade[];
    /**
     * Public trades from an id on, in ascending order, as far back as the journal reaches: those that are not remembered
     * any more (`history.tradesPerSymbol`) are found by doing its records again, in the background, page by page while it is
     * iterated. In memory, or where `retention` has put records away, it begins with the oldest trade that there is. What
     * happens meanwhile is not in it.
     *
     * While it has to read the journal, it takes the memory of another engine without history; leave the loop, and it is
     * given back. `docs/MARKET-DATA.md` says more.
     *
     * @param options - `fromId`: the first trade wanted, default 1; `toId`: the last one, default the newest.
     * @throws {@link LightningError} when it is iterated: `UNKNOWN_SYMBOL`, `INVALID_REQUEST` (also if `retention` puts
     * away what comes next), `ENGINE_CLOSED`; {@link StorageError} `CORRUPT_STATE`, `JOURNAL_IO`.
     *
     * @example
     * ```ts
     * for await (const { tradeId, price, quantity } of engine.tradeHistory('BTC-USDT', { fromId: 1 })) {
     *   console.log(tradeId, price, quantity);
     * }
     * ```
     */
    tradeHistory(symbol: string, options?: {
        fromId?: number;
        toId?: number;
    }): AsyncGenerator<Trade, void, undefined>;
    /**
     * Candles of a symbol in ascending order: the newest ones, or those from a time on. They begin with the first trade, or
     * as far back as `history.klines` reaches, and end with the running one. Page through them with
     * `from: last.openTime + 1`.
     *
     * A trade is in the candle of its time; one whose clock is behind that of an earlier trade, in the candle of that.
     *
     * @param interval - how long each is: `1s`, `1m`, `3m`, `5m`, `15m`, `30m`, `1h`, `2h`, `4h`, `6h`, `8h`, `12h`, `1d`,
     * `3d`, `1w` or `1M`.
     * @param options - `from`, `to`: the first and the last `openTime` wanted, in milliseconds; `limit`: how many at most,
     * 1 to 1,000, default 500; `fill: false`: without candles in which nothing was traded.
     * @throws {@link LightningError} `INVALID_INTERVAL`, `INVALID_REQUEST`, `UNKNOWN_SYMBOL`, `ENGINE_CLOSED`.
     *
     * @example
     * ```ts
     * for (const { openTime, open, close, baseVolume } of engine.klines('BTC-USDT', '1m', { limit: 60 })) {
     *   console.log(new Date(openTime).toISOString(), open, close, baseVolume);
     * }
     * ```
     */
    klines(symbol: string, interval: KlineInterval, options?: KlinesOptions): Kline[];
    /**
     * Candles of a symbol in ascending order, from its first trade to now: those that {@link Engine.klines} tells, and those
     * before them, made again of the trades that the journal leads to, as {@link Engine.tradeHistory} finds them. In
     * memory, or where `retention` has put records away, it begins with the oldest candle of which nothing is missing.
     * Candles are equal to those that `klines` told while they were remembered.
     *
     * What happens meanwhile is not in it: it ends with the candle that is running when it begins. Go on later with `from:`
     * the last `openTime`, which tells that one anew, and what came behind it.
     *
     * @param interval - as of {@link Engine.klines}.
     * @param options - `from`, `to`: the first and the last `openTime` wanted, in milliseconds; `fill: false`: without
     * candles in which nothing was traded. (Seconds of a year are 31 million.)
     * @throws {@link LightningError} when it is iterated: `INVALID_INTERVAL`, and as {@link Engine.tradeHistory}.
     *
     * @example
     * ```ts
     * for await (const { openTime, close, baseVolume } of engine.klineHistory('BTC-USDT', '1m', { fill: false })) {
     *   console.log(new Date(openTime).toISOString(), close, baseVolume);
     * }
     * ```
     */
    klineHistory(symbol: string, interval: KlineInterval, options?: KlineHistoryOptions): AsyncGenerator<Kline, void, undefined>;
    /**
     * The last 24 hours of a symbol, right now: prices, volumes, and the top of its book.
     *
     * @throws {@link LightningError} `UNKNOWN_SYMBOL`, `ENGINE_CLOSED`.
     *
     * @example
     * ```ts
     * const { last, changePercent, baseVolume, bid, ask } = engine.ticker('BTC-USDT');
     * ```
     */
    ticker(symbol: string): Ticker;
    /** What time it is for the engine, in milliseconds since 1970. */
    now(): number;
    /**
     * Moves a manual clock on, and does on the way what is due: orders expire, dead-man timers run out, each at its
     * time. Await the calls that were made before.
     *
     * @param milliseconds - how far; a whole number from 0.
     * @returns what time it is then.
     * @throws {@link LightningError} `INVALID_REQUEST` unless the engine was opened with a manual clock.
     *
     * @example
     * ```ts
     * const engine = await Engine.open({ clock: { manual: Date.UTC(2026, 0, 1) }, threads: 'inline' });
     * await engine.advance(60_000);
     * console.log(new Date(engine.now()).toISOString()); // 2026-01-01T00:01:00.000Z
     * ```
     */
    advance(milliseconds: number): Promise<number>;
    /** What the engine has been doing. */
    stats(): EngineStats;
    /**
     * How the engine is doing: counters, queues, how long each stage takes, how far the disk is behind. Waits for
     * nobody, and takes about a tenth of a millisecond: ask every few seconds, not every few calls. docs/METRICS.md says
     * what to alert on.
     *
     * @throws {@link LightningError} `ENGINE_CLOSED`. A halted engine still says what it has done.
     *
     * @example
     * ```ts
     * const { commands, latencyMicros, journal } = engine.metrics();
     * console.log(commands.inFlight, latencyMicros.command.p99, journal?.lagMs);
     * ```
     */
    metrics(): Metrics;
    /**
     * {@link Engine.metrics} in Prometheus' text format, to be served as `text/plain; version=0.0.4; charset=utf-8`.
     *
     * @throws {@link LightningError} `ENGINE_CLOSED`.
     *
     * @example
     * ```ts
     * import { createServer } from 'node:http';
     *
     * createServer((_request, response) => {
     *   response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
     *   response.end(engine.metricsText());
     * }).listen(9464, '127.0.0.1');
     * ```
     */
    metricsText(): string;
    /**
     * How the engine is, in a word, and why: for a load balancer or a watchdog. Never throws: an engine that was closed
     * says so.
     *
     * @example
     * ```ts
     * const { status, reasons } = engine.health();
     * if (status !== 'ok') console.warn(status, reasons);
     * ```
     */
    health(): EngineHealth;
    /**
     * What all balances and accrued fees add up to, per asset: proof that no atom was made or lost. Exact when no
     * other call is in flight; await yours first.
     */
    conservation(): Promise<Conservation[]>;
    /**
     * The hash of everything that the engine knows: balances, open orders, books, rules, assets and symbols. Engines that
     * were told the same have the same, whatever their threads, and so has one that was closed and opened again.
     *
     * Calls that are made meanwhile wait: it takes longer the more accounts and orders there are.
     *
     * @throws {@link LightningError} `ENGINE_CLOSED`, `JOURNAL_IO`, `INTERNAL`; `BUSY` if timers and expiries never pause.
     *
     * @example
     * ```ts
     * const { seq, hash } = await engine.stateHash();
     * ```
     */
    stateHash(): Promise<StateHash>;
    /**
     * Takes a snapshot now, in the background: of everything up to the newest record that is durable when it is asked
     * for. It is read back and compared before it counts. Calls go on meanwhile.
     *
     * @throws {@link LightningError} `NOT_SUPPORTED` in memory, `ENGINE_CLOSED`; {@link StorageError} `JOURNAL_IO` if it
     * can't be written, which leaves the engine as it is.
     *
     * @example
     * ```ts
     * const { seq, file } = await engine.snapshot();
     * ```
     */
    snapshot(): Promise<SnapshotInfo>;
    /**
     * Reads everything in the data directory and does it all again, in the background: checksums, the chain of hashes,
     * each decision and what came of it, the state at each snapshot, and that no atom was made or lost. Calls go on
     * meanwhile.
     *
     * @param options - `from`: which records are done again. `'genesis'` (default): all of them; `'snapshot'`: those behind
     * the newest snapshot. The files are checked in any case.
     * @throws {@link StorageError} `CORRUPT_STATE` with the first thing that is wrong (`details`: file, offset, seq, reason),
     * `JOURNAL_IO`; {@link LightningError} `NOT_SUPPORTED` in memory, `ENGINE_CLOSED`, `INVALID_REQUEST` if it is to begin
     * with records that `retention` has put away (`details.firstSeq` is the oldest that is left).
     *
     * @example
     * ```ts
     * const { seq, headHash, stateHash } = await engine.verify();
     * ```
     */
    verify(options?: {
        from?: 'genesis' | 'snapshot';
    }): Promise<VerifyReport>;
    /**
     * The log, record by record: what was decided, when, and everything that it led to. Read page by page while it is
     * iterated, in the background; what happens meanwhile is not in it.
     *
     * @param filter - which records; default: all that there are.
     * @throws {@link LightningError} when it is iterated: `NOT_SUPPORTED` in memory, `INVALID_REQUEST` for a number that
     * is none of a record or an account, or of a record that `retention` has put away, `ENGINE_CLOSED`; {@link StorageError} `CORRUPT_STATE`, `JOURNAL_IO`.
     *
     * @example
     * ```ts
     * for await (const { seq, kind, command, events } of engine.audit({ accountId: 1 })) {
     *   console.log(seq, kind, command, events);
     * }
     * ```
     */
    audit(filter?: AuditFilter): AsyncGenerator<AuditRecord, void, undefined>;
    /**
     * Calls a function whenever something happens: see {@link EngineEvents}. Without a listener nothing is lost: calls
     * say what became of them. What a listener throws is an uncaught exception, as it is with Node's own events, and
     * keeps nothing from the other listeners. A listener does not keep the process alive.
     *
     * @returns a function that removes the listener.
     * @throws {@link LightningError} `INVALID_REQUEST` for an event that there is not; `ENGINE_CLOSED` for what a closed
     * engine never tells any more.
     *
     * @example
     * ```ts
     * engine.on('fatal', (error) => console.error(error.code, error.message));
     * const off = engine.on('trade', (trade) => console.log(trade.symbol, trade.type === 'trade' ? trade.price : 'a gap'));
     * off();
     * ```
     */
    on<Name extends keyof EngineEvents>(event: Name, listener: (...what: EngineEvents[Name]) => void): () => void;
    /**
     * Removes a listener. Nothing happens if there is no such listener.
     *
     * @throws {@link LightningError} `INVALID_REQUEST` for an event that there is not.
     */
    off<Name extends keyof EngineEvents>(event: Name, listener: (...what: EngineEvents[Name]) => void): void;
    /**
     * Takes nothing new, lets every call in flight end, and stops the engine's threads. With a `dataDir` it resolves when
     * everything is durable and the files are closed. Calls made from now on are refused with `ENGINE_CLOSED`. Closing
     * again gives the same promise.
     *
     * @throws {@link StorageError} `JOURNAL_IO`, `STORAGE_FULL` if the end could not be written; what was answered before
     * is kept all the same.
     */
    close(): Promise<void>;
    /** `await using engine = await Engine.open()` closes it at the end of the block. */
    [Symbol.asyncDispose](): Promise<void>;
}

/** What a local book takes in and gives out. */

/** A level in a message: price, quantity (zero: there is none any more), and how many orders, if that was asked for. */
type LocalBookTuple = readonly [price: Decimal, quantity: Decimal, orders?: number];
/** A message of a book's stream: what `engine.watchBook()` gives, or the same out of JSON from anywhere. */
type LocalBookMessage = LocalBookSnapshot | LocalBookDelta | LocalBookHeartbeat;
/** What every message of a book's stream says. */
interface LocalBookStamp {
    /** Of which symbol. */
    readonly symbol: string;
    /** Which life of the engine the sequence numbers belong to. */
    readonly epoch: number;
    /** The book's sequence number. */
    readonly seq: number;
    /** When the book last changed, in milliseconds since 1970. */
    readonly ts: number;
}
/** All levels: replaces what was there. */
interface LocalBookSnapshot extends LocalBookStamp {
    /** This. */
    readonly type: 'snapshot';
    /** Best first. */
    readonly bids: readonly LocalBookTuple[];
    /** Best first. */
    readonly asks: readonly LocalBookTuple[];
    /** Of the best ten levels of each side, if it was asked for. */
    readonly checksum?: number;
}
/** Levels that have changed, as they are now. */
interface LocalBookDelta extends LocalBookStamp {
    /** This. */
    readonly type: 'delta';
    /** It is applied to the book of this sequence number and to no other. */
    readonly prevSeq: number;
    /** Those that have changed. */
    readonly bids: readonly LocalBookTuple[];
    /** Those that have changed. */
    readonly asks: readonly LocalBookTuple[];
    /** Of the best ten levels of each side once it is applied. */
    readonly checksum?: number;
}
/** Nothing has changed. */
interface LocalBookHeartbeat extends LocalBookStamp {
    /** This. */
    readonly type: 'heartbeat';
    /** The same as `seq`. */
    readonly prevSeq?: number;
    /** Of the best ten levels of each side, if it was asked for. */
    readonly checksum?: number;
}
/**
 * What became of a message.
 *
 * - `'applied'`: the book is now as of it.
 * - `'ignored'`: it is older than the book.
 * - `'gap'`: something before it is missing, or another epoch has begun: the book needs a snapshot.
 * - `'mismatch'`: it was applied, and the book is not what its checksum says: the book needs a snapshot.
 */
type ApplyResult = 'applied' | 'ignored' | 'gap' | 'mismatch';
/** A level of a local book. */
interface LocalBookLevel {
    /** The price; with `group`, of the group. */
    price: Decimal;
    /** Base resting there. */
    quantity: Decimal;
    /** Orders resting there, if the stream says. */
    orders?: number;
    /** With `cumulative`: base from the best price to here. */
    cumulativeQuantity?: Decimal;
    /** With `cumulative`: quote from the best price to here, with as many decimals as price and quantity together. */
    cumulativeQuote?: Decimal;
}
/** What `levels()` is asked for. */
interface LevelsOptions {
    /** So many of each side, 1 or more; all without. With `group`, so many groups. */
    count?: number;
    /** Merges prices to multiples of this, for instance `'0.10'`: bids down, asks up. */
    group?: Decimal;
    /** Adds running sums. */
    cumulative?: boolean;
}
/** Both sides of a local book, best first. */
interface LocalBookLevels {
    /** Highest price first. */
    bids: LocalBookLevel[];
    /** Lowest price first. */
    asks: LocalBookLevel[];
}
/** Best bid and offer of a local book. */
interface LocalBbo {
    /** Of which symbol. */
    symbol: string;
    /** The book's sequence number. */
    seq: number;
    /** When the book last changed, in milliseconds since 1970. */
    ts: number;
    /** The best bid; null without one. */
    bid: LocalBookLevel | null;
    /** The best ask; null without one. */
    ask: LocalBookLevel | null;
    /** Best ask - best bid; null while a side is empty. */
    spread: SignedDecimal | null;
    /** The spread in basis points of the mid, two decimals, rounded half to even; null while a side is empty. */
    spreadBps: SignedDecimal | null;
    /** (best bid + best ask) / 2, exact, with one decimal more than a price; null while a side is empty. */
    mid: Decimal | null;
}
/** What taking a quantity out of a local book would come to. */
interface LocalFill {
    /** How much of it the book has. */
    quantity: Decimal;
    /** What that costs, or brings, before fees; as many decimals as price and quantity together. */
    quoteQuantity: Decimal;
    /** The last price that it reaches; null if the side is empty. */
    worstPrice: Decimal | null;
    /** Does the book have all of it? */
    complete: boolean;
}
/** An order book in ccxt's form. Its prices and amounts are floats: for showing, not for sums. */
interface CcxtOrderBook {
    /** As the book calls it. */
    symbol: string;
    /** Price and amount, best first. */
    bids: [price: number, amount: number][];
    /** Price and amount, best first. */
    asks: [price: number, amount: number][];
    /** In milliseconds since 1970; undefined before the first message. */
    timestamp: number | undefined;
    /** The same as ISO 8601. */
    datetime: string | undefined;
    /** The sequence number. */
    nonce: number | undefined;
}

/**
 * An order book kept up to date from a stream of snapshots and deltas. It notices what is missing, and needs nothing
 * but JavaScript: `lightning-exchange/local-book` has it without the native engine, for a browser for instance.
 *
 * Prices compare as decimals, never as floats. Reads make objects of their own.
 *
 * @example
 * const book = new LocalOrderBook();
 * for await (const message of engine.watchBook('BTC-USDT', { levels: 20 })) {
 *   const result = book.apply(message);
 *   if (book.needsSnapshot) break; // 'gap' or 'mismatch': watch again; `follow()` does that by itself
 *   console.log(result, book.bbo());
 * }
 */
declare class LocalOrderBook {
    #private;
    /** An empty book, of that symbol or else of the first message's. It needs a snapshot. */
    constructor(symbol?: string);
    /** Of which symbol; empty before the first message of a book that was not given one. */
    get symbol(): string;
    /** Which life of the engine `seq` belongs to; undefined before the first snapshot. */
    get epoch(): number | undefined;
    /** The book's sequence number; undefined before the first snapshot. */
    get seq(): number | undefined;
    /** When the book last changed, in milliseconds since 1970; undefined before the first snapshot. */
    get ts(): number | undefined;
    /**
     * True at first, and after a gap or a mismatch: until a snapshot comes, deltas change nothing, and what the book
     * shows is what it was when it was last known to be right (after a mismatch: what it became).
     */
    get needsSnapshot(): boolean;
    /** Do the best bid and the best ask meet? An engine's book never does; a replica that does is wrong. */
    get crossed(): boolean;
    /** How many levels each side has. */
    get size(): {
        bids: number;
        asks: number;
    };
    /**
     * Takes a message in. A message without the right shape is a mistake of whoever sends it: it throws (`TypeError`,
     * `RangeError`), and the book has not changed.
     */
    apply(message: LocalBookMessage): ApplyResult;
    /** The best level of a side; null without one. */
    best(side: 'bids' | 'asks'): LocalBookLevel | null;
    /** The best bid and ask, and what they say together. */
    bbo(): LocalBbo;
    /** Both sides, best first: all levels, or the best `count`, merged to a coarser grid, with running sums. */
    levels(options?: LevelsOptions): LocalBookLevels;
    /** What rests at a price, however many decimals that is written with; null if nothing does. */
    level(side: 'bids' | 'asks', price: Decimal): LocalBookLevel | null;
    /** What an order of this side and quantity would find if it took all it can get now; fees are not in it. */
    fill(side: Side, quantity: Decimal): LocalFill;
    /** CRC32 of the best ten levels of each side, as {@link LocalBookSnapshot.checksum} has it. */
    checksum(): number;
    /**
     * The book in ccxt's form, for code that expects it. Its numbers are floats: this is where exactness ends.
     *
     * @example
     * const { bids: [[price, amount] = []], nonce } = book.toCcxt(5);
     */
    toCcxt(limit?: number): CcxtOrderBook;
}

/** Binance's own depth stream (spot), through the same book. */

/** A level as Binance writes it. */
type BinanceLevel = readonly [price: Decimal, quantity: Decimal];
/** What `GET /api/v3/depth` answers. */
interface BinanceSnapshot {
    /** The update that it is as of. */
    readonly lastUpdateId: number;
    /** Best first. */
    readonly bids: readonly BinanceLevel[];
    /** Best first. */
    readonly asks: readonly BinanceLevel[];
}
/** A message of `<symbol>@depth` or `<symbol>@depth@100ms`. */
interface BinanceDiff {
    /** `'depthUpdate'`. */
    readonly e?: string;
    /** When it was sent, in milliseconds since 1970. */
    readonly E: number;
    /** Of which symbol. */
    readonly s: string;
    /** The first update in it. */
    readonly U: number;
    /** The last update in it. */
    readonly u: number;
    /** Bids that have changed. */
    readonly b: readonly BinanceLevel[];
    /** Asks that have changed. */
    readonly a: readonly BinanceLevel[];
}
/**
 * Keeps a {@link LocalOrderBook} from Binance's diffs. Begin with the stream, then fetch a snapshot: diffs that come
 * before it are kept, those that it has in it already are dropped. After `'gap'`, fetch another one.
 *
 * @example
 * const depth = new BinanceDepth('BTCUSDT');
 * socket.onmessage = ({ data }) => {
 *   if (depth.apply(JSON.parse(data)) === 'gap') fetchSnapshot(); // unless one is under way
 * };
 */
declare class BinanceDepth {
    #private;
    /** The book; its `seq` is the last update id, its `epoch` 0. */
    readonly book: LocalOrderBook;
    /** For one symbol, as Binance writes it: `'BTCUSDT'`. */
    constructor(symbol: string);
    /**
     * Takes a snapshot or a diff in.
     *
     * - `'gap'`: the book needs a (newer) snapshot; the diff is kept for it.
     * - `'ignored'`: all of it was in the book already.
     */
    apply(message: BinanceSnapshot | BinanceDiff): ApplyResult;
}

/** A book that is followed through gaps: whoever reads it never has to resubscribe by hand. */

/** How deep, and how often told that all is well: what `engine.watchBook()` takes. */
interface FollowOptions {
    /** The best so many levels of each side, or all; the source's default without. */
    levels?: number | 'all';
    /** With the number of orders of each level. */
    counts?: boolean;
    /** With a checksum in each message, which is then verified. */
    checksum?: boolean;
    /** A heartbeat after so many milliseconds without a change. */
    heartbeatMs?: number;
    /** Ends it, as it ends a stream of the source. */
    signal?: AbortSignal;
    /** Called whenever the source is asked anew, and why. */
    onResync?: (why: 'gap' | 'mismatch', book: LocalOrderBook) => void;
}
/** Anything that has a book's stream: an engine, a client of one. */
interface BookSource {
    /** A stream that begins with a snapshot. */
    watchBook(symbol: string, options: Omit<FollowOptions, 'onResync'>): AsyncIterable<LocalBookMessage>;
}
/**
 * Follows a book, and gives it after every message that was applied: always the same object, which the next message
 * changes. After a gap or a wrong checksum it lets go of the stream and asks for another one, which begins with a
 * snapshot. It ends when the source's stream ends, and throws what that throws.
 *
 * @example
 * for await (const book of follow(engine, 'BTC-USDT', { levels: 20, signal })) {
 *   draw(book.levels({ count: 10 }));
 * }
 */
declare function follow(source: BookSource, symbol: string, options?: FollowOptions): AsyncGenerator<LocalOrderBook, void, undefined>;

/** Candles in ccxt's form. */

/** What is used of a candle. */
interface OhlcvSource {
    /** Its first millisecond since 1970. */
    readonly openTime: number;
    /** The first price. */
    readonly open: Decimal;
    /** The highest. */
    readonly high: Decimal;
    /** The lowest. */
    readonly low: Decimal;
    /** The last. */
    readonly close: Decimal;
    /** Base traded. */
    readonly baseVolume: Decimal;
}
/** A candle in ccxt's form, in floats. */
type Ohlcv = [
    timestamp: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number
];
/**
 * Candles as rows of floats, for code that expects ccxt's `fetchOHLCV()`: charts, indicators.
 *
 * @example
 * const closes = toOHLCV(engine.klines('BTC-USDT', '1m')).map(([, , , , close]) => close);
 */
declare function toOHLCV(klines: Iterable<OhlcvSource>): Ohlcv[];

export { AccountError, Accounts, AdminError, Assets, BinanceDepth, CommandWriter, ConflictError, ERROR_CODES, Engine, InsufficientBalanceError, LightningError, LimitError, LocalOrderBook, MarketClosedError, OrderError, OrderNotFoundError, PostOnlyError, RateLimitError, ReplaceError, ResultReader, RuleError, StorageError, Stream, StreamError, Symbols, SystemError, TradeBatch, UnknownOutcomeError, ValidationError, follow, toOHLCV };
export type { AccountFees, AccountInfo, AccountStatus, AdminOptions, AggregateTradeMessage, AmendRequest, AmendResult, ApplyResult, Asset, AssetPatch, AuditEvent, AuditFilter, AuditRecord, Balance, BalanceChange, BalanceMessage, BalanceSnapshot, BatchItem, Bbo, BboMessage, BinanceDiff, BinanceLevel, BinanceSnapshot, BookDelta, BookHeartbeat, BookLevel, BookMessage, BookSnapshot, BookSource, BookStreamSnapshot, CancelAllAfterRequest, CancelAllRequest, CancelAllResult, CancelReason, CancelRequest, CancelResult, CancelTimer, CanceledOrder, CcxtOrderBook, ClosedOrder, CollectFeesRequest, CollectedFees, CommandKind, CommandMetrics, Conservation, Decimal, DecimalInput, DetailsByCode, DetailsOf, Durability, EngineConfig, EngineEvents, EngineHealth, EngineStats, EngineStatusMessage, ErrorCode, ErrorDetails, ExecutionFill, ExecutionKind, ExecutionMessage, ExecutionSnapshot, ExpireReason, Fee, FeeMode, FeeRates, Fill, FollowOptions, FundsRequest, Gap, HealthReason, Idempotent, JournalMetrics, JournalStats, Kline, KlineHistoryOptions, KlineInterval, KlineMessage, KlinesOptions, LatencyStage, LatencySummary, LedgerEntry, LedgerEntryType, LedgerFilter, Level3Change, Level3Message, Level3Order, Level3Snapshot, LevelsOptions, LimitOrder, LocalBbo, LocalBookDelta, LocalBookHeartbeat, LocalBookLevel, LocalBookLevels, LocalBookMessage, LocalBookSnapshot, LocalBookStamp, LocalBookTuple, LocalFill, MarketOrder, MassCancel, MaybeDuplicate, Metrics, Money, MyTrade, MyTradesFilter, NewAsset, NewOco, NewOrder, NewSymbol, OcoResult, Ohlcv, OhlcvSource, OpenOrdersFilter, Order, OrderExtras, OrderFeature, OrderHistoryOptions, OrderRef, OrderResult, OrderStatus, OrderType, OrdersFilter, OrdersPage, Permissions, PriceBand, RateLimit, RawFill, RawOrderOptions, RawResult, RecoveryPhase, RecoveryProgress, RecoveryReport, ReplaceHalves, ReplaceRequest, ReplaceResult, ReplacementOrder, Retention, Side, SignedDecimal, SlowPolicy, SnapshotInfo, SnapshotMetrics, SnapshotOptions, Stamp, StateHash, StatusMessage, StatusReason, StopLimitOrder, StopOrder, StpMode, StreamLevel, StreamMetrics, SymbolCancelResult, SymbolInfo, SymbolPatch, SymbolRules, SymbolStatus, SymbolStatusChange, SymbolStatusMessage, TakeProfitLimitOrder, TakeProfitOrder, TestResult, Ticker, TickerMessage, TimeInForce, TornFrame, Touch, Trade, TradeMessage, TrailingStopOrder, TransferRequest, VerifyReport, WatchBalancesOptions, WatchBookOptions, WatchExecutionsOptions, WatchOptions, WatchTradesOptions };
