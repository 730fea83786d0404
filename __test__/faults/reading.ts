/** Everything that can be read from an engine at rest. */
import type { Engine, Trade } from '../../index.ts';
import { EVERYBODY, SYMBOLS } from './commands.ts';
import type { Reading } from './child/protocol.ts';

/** All trades of a symbol, oldest first. */
export function allTrades(engine: Engine, symbol: string): Trade[] {
  const trades: Trade[] = [];
  for (;;) {
    const fromId = (trades.at(-1)?.tradeId ?? 0) + 1;
    const page = engine.trades(symbol, { fromId, limit: 1000 });
    trades.push(...page);
    if (page.length < 1000) return trades;
  }
}

/** Reads all of it. The stage must have been set. */
export async function readAll(engine: Engine): Promise<Reading> {
  const balances: Reading['balances'] = {};
  for (const accountId of EVERYBODY) balances[accountId] = await engine.accounts.balances(accountId);
  return {
    balances,
    openOrders: await engine.openOrders(),
    books: SYMBOLS.map((name) => engine.book(name)),
    trades: SYMBOLS.map((name) => allTrades(engine, name)),
    conservation: await engine.conservation(),
    state: engine.recovery === undefined ? null : await engine.stateHash(),
  };
}
