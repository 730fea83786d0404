/** Accounts: deposits, withdrawals, transfers, terms, ledgers. */

import type { Core } from './core.ts';
import { refuse } from './errors.ts';
import { OP } from './records.ts';
import type {
  AccountInfo,
  AccountStatus,
  Balance,
  BalanceChange,
  FeeRates,
  FundsRequest,
  Idempotent,
  LedgerEntry,
  LedgerFilter,
  Permissions,
  RateLimit,
  TransferRequest,
} from './types.ts';
import { fields, number } from './values.ts';
import { callText, WORDS, type WordsOp } from './words.ts';

/** Most ledger entries that one call reads. */
const PAGE = 1_000;

/** Accounts of an engine. */
export class Accounts {
  readonly #core: Core;

  /** @internal */
  constructor(core: Core) {
    this.#core = core;
  }

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
  deposit(request: FundsRequest): Promise<BalanceChange> {
    return this.#move('deposit', OP.deposit, request);
  }

  /**
   * Takes from an account's available balance. What is frozen can't be withdrawn.
   *
   * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_ASSET`, `ASSET_DISABLED`, `ACCOUNT_SUSPENDED`,
   * `ACCOUNT_CLOSED`, `PERMISSION_DENIED`, `INSUFFICIENT_BALANCE`, and the codes of bad decimals.
   */
  withdraw(request: FundsRequest): Promise<BalanceChange> {
    return this.#move('withdraw', OP.withdraw, request);
  }

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
  transfer(request: TransferRequest): Promise<BalanceChange> {
    return this.#change('transfer', 'from', request);
  }

  /**
   * Freezes available balance for a purpose outside the exchange, until {@link Accounts.release}.
   *
   * @throws {@link LightningError} as {@link Accounts.withdraw}.
   */
  hold(request: FundsRequest): Promise<BalanceChange> {
    return this.#change('hold', 'accountId', request);
  }

  /**
   * Gives back what {@link Accounts.hold} has frozen.
   *
   * @throws {@link LightningError} `INSUFFICIENT_BALANCE` for more than is held; `UNKNOWN_ACCOUNT`, `UNKNOWN_ASSET`,
   * `ACCOUNT_CLOSED`, and the codes of bad decimals.
   */
  release(request: FundsRequest): Promise<BalanceChange> {
    return this.#change('release', 'accountId', request);
  }

  /**
   * An account's balances, by asset in the order of their creation; zero balances of assets it once had
   * included. With `asset` just that one, zero if it never had any.
   *
   * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `UNKNOWN_ASSET`.
   */
  async balances(accountId: number, options: { asset?: string } = {}): Promise<Balance[]> {
    const { asset: code } = fields('options', options);
    const balances = await this.#core.call<Balance[]>('request', {}, (record) =>
      record.begin(OP.balances).account(accountId).name(0, 'asset', code),
    );
    if (code === undefined) return balances;
    const balance = balances.find(({ asset }) => asset === code);
    if (balance) return [balance];
    const scale = this.#core.assets.get(String(code))?.scale ?? 0;
    const zero = scale === 0 ? '0' : `0.${'0'.repeat(scale)}`;
    return [{ asset: String(code), total: zero, available: zero, frozen: zero, held: zero }];
  }

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
  async *ledger(accountId: number, filter: LedgerFilter = {}): AsyncGenerator<LedgerEntry, void, undefined> {
    const { asset, limit } = fields('filter', filter);
    let left = limit === undefined ? Infinity : number('limit', limit);
    if (!(left === Infinity || (Number.isSafeInteger(left) && left >= 1))) {
      throw refuse('INVALID_REQUEST', 'limit is not a whole number from 1', 'limit');
    }
    let cursor: number | null | undefined;
    do {
      const page: { entries: LedgerEntry[]; next: number | null } = await this.#core.say('ledger', 'filter', {
        accountId,
        asset,
        cursor,
        limit: Math.min(left, PAGE),
      });
      yield* page.entries;
      left -= page.entries.length;
      cursor = page.next;
    } while (cursor !== null && left > 0);
  }

  /**
   * An account's terms.
   *
   * @throws {@link LightningError} `UNKNOWN_ACCOUNT`.
   */
  get(accountId: number): Promise<AccountInfo> {
    return this.#core.say('account', 'request', { accountId });
  }

  /**
   * Changes what an account may do.
   *
   * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `INVALID_REQUEST` for another word; to `CLOSED`:
   * `HAS_OPEN_ORDERS`, `NON_ZERO_BALANCE`; out of it: `BAD_STATUS_TRANSITION`.
   */
  setStatus(accountId: number, status: AccountStatus, options: Idempotent = {}): Promise<AccountInfo> {
    return this.#configure('setAccountStatus', accountId, { status }, options);
  }

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
  setFees(
    accountId: number,
    fees: FeeRates | null,
    options: Idempotent & { symbol?: string } = {},
  ): Promise<AccountInfo> {
    return this.#configure('setAccountFees', accountId, { fees }, options, ['symbol']);
  }

  /**
   * Changes what an account is allowed to do.
   *
   * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `MISSING_FIELD`.
   */
  setPermissions(
    accountId: number,
    permissions: Permissions,
    options: Idempotent = {},
  ): Promise<AccountInfo> {
    return this.#configure('setAccountPermissions', accountId, permissions, options);
  }

  /**
   * Puts an account into a group, whose accounts don't trade with each other; null takes it out.
   *
   * @param group - 1 to 2^32 - 1.
   * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `INVALID_REQUEST`.
   */
  setStpGroup(accountId: number, group: number | null, options: Idempotent = {}): Promise<AccountInfo> {
    return this.#configure('setStpGroup', accountId, { group }, options);
  }

  /**
   * Bounds how many orders an account may place per time; null takes the bound away.
   *
   * @throws {@link LightningError} `UNKNOWN_ACCOUNT`, `INVALID_REQUEST`.
   */
  setRateLimit(
    accountId: number,
    rateLimit: RateLimit | null,
    options: Idempotent = {},
  ): Promise<AccountInfo> {
    return this.#configure('setRateLimit', accountId, { rateLimit }, options);
  }

  async #configure(
    op: WordsOp,
    accountId: number,
    terms: object,
    options: Idempotent,
    more: readonly string[] = [],
  ): Promise<AccountInfo> {
    const given = fields('options', options);
    const chosen = ['requestId', 'requestLane', ...more].map((name) => [name, given[name]] as const);
    return this.#core.say(op, 'request', {
      ...fields('terms', terms),
      ...Object.fromEntries(chosen),
      accountId,
    });
  }

  /** A deposit or a withdrawal: as a record, unless it has a request id. */
  async #move(name: 'deposit' | 'withdraw', op: number, request: FundsRequest): Promise<BalanceChange> {
    let account: unknown;
    const change = await this.#core.call<Omit<BalanceChange, 'accountId'>>(
      'request',
      request,
      (record, given) => {
        const { accountId, asset, amount, requestId, requestLane } = given;
        account = accountId; // As it was when the call was made: the caller may reuse the object.
        if (requestId !== undefined || requestLane !== undefined) {
          record.words(callText(name, given, WORDS[name]));
        } else {
          record.begin(op).account(accountId).name(0, 'asset', asset).decimal(1, 'amount', amount);
        }
      },
    );
    return { accountId: account as number, ...change };
  }

  async #change<Request extends object>(
    op: WordsOp,
    whose: string & keyof Request,
    request: Request,
  ): Promise<BalanceChange> {
    let account: unknown;
    const change = await this.#core.call<Omit<BalanceChange, 'accountId'>>(
      'request',
      request,
      (record, given) => {
        account = given[whose];
        record.words(callText(op, given, WORDS[op]));
      },
    );
    return { accountId: account as number, ...change };
  }
}
