/** `EngineConfig` in the native side's words. Types are checked here, ranges there. */

import { resolve } from 'node:path';
import { refuse } from './errors.ts';
import type { EngineConfig, RecoveryProgress } from './types.ts';
import { boolean, fields, number, string, wrongType } from './values.ts';

/**
 * For tests: opened with `{ [panicAfter]: n }`, an engine breaks at its n-th step, as if an invariant did not
 * hold. Not exported by the package.
 */
export const panicAfter = Symbol('panicAfter');

/** What the native side is told. */
export interface NativeOptions {
  /** As JSON. */
  text: string;
  /** Every shard in the calling thread? */
  inline: boolean;
  /** Is anything kept on disk? */
  isKept: boolean;
  /** Who wants to know how far the opening is. */
  onRecovery: ((progress: RecoveryProgress) => void) | undefined;
}

/** Options that mean nothing unless there is a data directory: they are refused rather than forgotten. */
const NEED_DATA_DIR = ['snapshot', 'retention', 'segmentBytes', 'onRecovery'] as const;

/** Reads a configuration. */
export function nativeOptions(config: EngineConfig): NativeOptions {
  const given = fields('config', config) as EngineConfig;
  const { threads = 'auto', clock = 'system', history = {}, limits = {} } = given;
  const options: Record<string, number | boolean | string> = {};
  const count = (name: string, field: string, value: unknown): void => {
    if (value !== undefined) options[name] = number(field, value);
  };
  if (threads === 'inline') {
    options['inline'] = true;
  } else if (typeof threads === 'string' && threads !== 'auto') {
    throw refuse('INVALID_REQUEST', "threads is neither 'auto', 'inline' nor an object", 'threads');
  } else if (threads !== 'auto') {
    const { sequencers, matchers, inline } = fields('threads', threads);
    count('sequencers', 'threads.sequencers', sequencers);
    count('matchers', 'threads.matchers', matchers);
    options['inline'] = inline !== undefined && boolean('threads.inline', inline);
  }
  if (clock === 'manual') {
    options['manual_clock_start_ms'] = 0;
  } else if (typeof clock === 'string' && clock !== 'system') {
    throw refuse('INVALID_REQUEST', "clock is neither 'system', 'manual' nor an object", 'clock');
  } else if (clock !== 'system') {
    const { manual } = fields('clock', clock);
    if (manual === undefined) throw wrongType('clock.manual', 'a number', manual);
    count('manual_clock_start_ms', 'clock.manual', manual);
  }
  fields('history', history);
  fields('limits', limits);
  count('trades_per_symbol', 'history.tradesPerSymbol', history.tradesPerSymbol);
  count('klines', 'history.klines', history.klines);
  count('closed_orders', 'history.closedOrders', history.closedOrders);
  count('ledger_entries', 'history.ledgerEntries', history.ledgerEntries);
  count('max_in_flight', 'limits.inFlight', limits.inFlight);
  count('panic_after', 'panicAfter', (config as { [panicAfter]?: number })[panicAfter]);
  count('open_orders_per_account', 'limits.openOrdersPerAccount', limits.openOrdersPerAccount);

  const { dataDir, durability, snapshot = {}, retention, segmentBytes, onRecovery } = given;
  if (dataDir !== undefined) {
    options['data_dir'] = directory(dataDir);
  } else {
    for (const option of NEED_DATA_DIR) {
      if (given[option] !== undefined)
        throw refuse('INVALID_REQUEST', `${option} needs a dataDir: nothing is kept without`, option);
    }
  }
  const { everyRecords, keep } = fields('snapshot', snapshot);
  if (durability !== undefined) options['durability'] = string('durability', durability);
  if (retention !== undefined) options['retention'] = string('retention', retention);
  count('snapshot_every', 'snapshot.everyRecords', everyRecords);
  count('snapshots_kept', 'snapshot.keep', keep);
  count('segment_bytes', 'segmentBytes', segmentBytes);
  if (onRecovery !== undefined && typeof onRecovery !== 'function') {
    throw wrongType('onRecovery', 'a function', onRecovery);
  }
  return {
    text: JSON.stringify(options),
    inline: options['inline'] === true,
    isKept: dataDir !== undefined,
    onRecovery,
  };
}

/** A data directory's absolute path: the working directory may change while the engine is open. */
function directory(given: unknown): string {
  const path = string('dataDir', given);
  if (path === '' || path.includes('\0')) {
    throw refuse('INVALID_REQUEST', 'dataDir is not the path of a directory', 'dataDir');
  }
  return resolve(path);
}
