/**
 * The audit that every demo and benchmark run ends with: is all the money there, and is it where it should be?
 *
 * It asks the engine for its own sums, and then adds up what every account and every open order says, in whole
 * atoms. Nothing is compared as a float.
 */

import type { Conservation, Engine, Order } from '../index.ts';

/** What is used of an engine: of this source, or of the package that was built from it. */
type Audited = Pick<Engine, 'conservation' | 'openOrders' | 'bbo'> & {
  accounts: Pick<Engine['accounts'], 'balances'>;
  symbols: Pick<Engine['symbols'], 'list'>;
};
import { colors, count, grouped, table } from './terminal.ts';

export interface Audit {
  /** The engine's sums per asset. */
  conservation: Conservation[];
  /** How many accounts were looked at. */
  accounts: number;
  /** Every order that is open. */
  open: Order[];
  /** What is wrong, in sentences; empty when all is well. */
  faults: string[];
}

/** An amount as a whole number of atoms. All amounts of one asset have the same number of decimals. */
function atoms(amount: string): bigint {
  return BigInt(amount.replace('.', ''));
}

/** All open orders of an account, page after page: asked for one by one, no page is searched for among all orders. */
async function openOrdersOf(engine: Audited, accountId: number): Promise<Order[]> {
  const orders: Order[] = [];
  for (;;) {
    const last = orders.at(-1);
    const after = last === undefined ? {} : { afterId: last.orderId };
    const page = await engine.openOrders({ accountId, ...after });
    if (page.length === 0) return orders;
    for (const order of page) orders.push(order);
  }
}

/** Reads in flight at once: enough to keep an engine's threads busy, far below its limit. */
const BATCH = 1024;

/**
 * Audits a quiet engine: every call on it has been awaited.
 *
 * `accounts` are all accounts that ever had a deposit.
 */
export async function audit(engine: Audited, accounts: readonly number[]): Promise<Audit> {
  const faults: string[] = [];
  const conservation = await engine.conservation();
  for (const { asset, holds } of conservation) {
    if (!holds)
      faults.push(`${asset}: deposits less withdrawals are not what accounts hold and fees accrued`);
  }

  const open: Order[] = [];
  const totals = new Map<string, bigint>();
  const reservedOf = new Map<string, bigint>();
  for (let from = 0; from < accounts.length; from += BATCH) {
    const batch = accounts.slice(from, from + BATCH);
    const balances = await Promise.all(batch.map((accountId) => engine.accounts.balances(accountId)));
    const orders = await Promise.all(batch.map((accountId) => openOrdersOf(engine, accountId)));
    for (const [index, accountId] of batch.entries()) {
      const reserved = new Map<string, bigint>();
      for (const order of orders[index] ?? []) {
        open.push(order);
        const { asset, amount } = order.reserved;
        reserved.set(asset, (reserved.get(asset) ?? 0n) + atoms(amount));
        reservedOf.set(asset, (reservedOf.get(asset) ?? 0n) + atoms(amount));
      }
      for (const { asset, total, available, frozen } of balances[index] ?? []) {
        if (atoms(frozen) !== (reserved.get(asset) ?? 0n)) {
          faults.push(
            `account ${accountId}: ${frozen} ${asset} frozen, its open orders reserve something else`,
          );
        }
        if (atoms(total) !== atoms(available) + atoms(frozen) || atoms(available) < 0n) {
          faults.push(`account ${accountId}: ${total} ${asset} is not ${available} + ${frozen}`);
        }
        reserved.delete(asset);
        totals.set(asset, (totals.get(asset) ?? 0n) + atoms(total));
      }
      for (const asset of reserved.keys()) {
        faults.push(`account ${accountId}: an open order reserves ${asset}, of which it has none`);
      }
    }
  }
  for (const { asset, reserved } of conservation) {
    if (atoms(reserved) !== (reservedOf.get(asset) ?? 0n)) {
      faults.push(`${asset}: the accounts' open orders reserve something else than all open orders do`);
    }
  }
  for (const { asset, deposited, withdrawn, feesAccrued } of conservation) {
    if (atoms(deposited) - atoms(withdrawn) !== (totals.get(asset) ?? 0n) + atoms(feesAccrued)) {
      faults.push(
        `${asset}: the accounts, added up one by one, and fees are something else than was paid in`,
      );
    }
  }

  for (const { name } of engine.symbols.list()) {
    const { bid, ask, spread } = engine.bbo(name);
    if (spread !== null && !(Number(spread) > 0)) {
      faults.push(`${name}: the book is crossed, ${bid?.price} bid and ${ask?.price} asked`);
    }
  }
  return { conservation, accounts: accounts.length, open, faults };
}

function mark(good: boolean): string {
  return good ? colors.green('✓') : colors.red('✗');
}

/** The audit for people: a table of all assets, then one explicit line for each law. */
export function auditReport({ conservation, accounts, open, faults }: Audit): string {
  // Assets side by side: their amounts are wide, and few terminals are.
  const row = (name: string, cell: (asset: Conservation) => string): string[] => [
    name,
    ...conservation.map(cell),
  ];
  const sums = table(
    row('', ({ asset }) => asset),
    [
      row('deposited', (asset) => grouped(asset.deposited)),
      row('withdrawn', (asset) => grouped(asset.withdrawn)),
      row('available', (asset) => grouped(asset.available)),
      row('frozen', (asset) => grouped(asset.frozen)),
      row('fees accrued', (asset) => grouped(asset.feesAccrued)),
      row('reserved', (asset) => grouped(asset.reserved)),
      row('', ({ holds }) => mark(holds)),
    ],
  );
  const verdict =
    faults.length === 0
      ? [
          `${mark(true)} conservation holds: deposited - withdrawn = available + frozen + fees, to the atom`,
          `${mark(true)} frozen = reserved by ${count(open.length)} open orders, in each of ${count(accounts)} accounts`,
          `${mark(true)} no book is crossed`,
        ]
      : [
          ...faults.slice(0, 10).map((fault) => `${mark(false)} ${fault}`),
          ...(faults.length > 10 ? [`${mark(false)} and ${count(faults.length - 10)} more`] : []),
          `${mark(false)} ${colors.bold('conservation or consistency is broken')}`,
        ];
  return [sums, ...verdict].join('\n');
}
