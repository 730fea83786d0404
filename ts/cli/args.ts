/** What the command line asks for. */

import { parseArgs } from 'node:util';

/** A command with all it needs. */
export type Command =
  | { name: 'verify'; dir: string; json: boolean; expectHead: Head | undefined }
  | { name: 'inspect'; dir: string; json: boolean }
  | {
      name: 'dump';
      dir: string;
      from: number | undefined;
      to: number | undefined;
      account: number | undefined;
    }
  | { name: 'help' }
  | { name: 'version' };

/** The end of a log, as `verify` prints it. */
export interface Head {
  /** The last record. */
  seq: number;
  /** 64 hexadecimal digits, in lower case. */
  hash: string;
}

/** The command line makes no sense. The message says why. */
export class UsageError extends Error {}

/** What `--help` prints. */
export const USAGE = `Usage: lightning-exchange <command> DIR [options]

Looks into the data directory of an engine. Nothing is changed and no lock is taken.

Commands
  verify DIR     replay everything that is kept, and say whether it is whole
  inspect DIR    list the log files, the snapshots and what the manifest says
  dump DIR       print the log, a line of JSON per record: what was decided and what it led to

Options
  --json                   verify, inspect: JSON instead of text for people
  --expect-head SEQ:HASH   verify: fail unless the log ended like this when SEQ was its newest record
  --from SEQ, --to SEQ     dump: the first and the last record
  --account ID             dump: only records that changed something of this account
  --help, --version

Exit code: 0 all is well, 1 damaged or refused, 2 the command line makes no sense.
`;

/** Options, and the commands that know them. */
const OPTIONS = {
  json: { type: 'boolean', of: ['verify', 'inspect', 'dump'] },
  'expect-head': { type: 'string', of: ['verify'] },
  from: { type: 'string', of: ['dump'] },
  to: { type: 'string', of: ['dump'] },
  account: { type: 'string', of: ['dump'] },
  help: { type: 'boolean', short: 'h', of: [] },
  version: { type: 'boolean', short: 'v', of: [] },
} as const satisfies Record<string, { type: 'boolean' | 'string'; short?: string; of: readonly string[] }>;

/**
 * Reads the command line.
 *
 * @throws {@link UsageError} if it makes no sense.
 */
export function parse(args: readonly string[]): Command {
  const { values, positionals } = split(args);
  if (values.help) return { name: 'help' };
  if (values.version) return { name: 'version' };
  const [name, dir, ...more] = positionals;
  if (name === undefined) throw new UsageError('which command?');
  if (name !== 'verify' && name !== 'inspect' && name !== 'dump') {
    throw new UsageError(`there is no command ${name}`);
  }
  if (dir === undefined || dir === '') throw new UsageError(`${name} what? Give a data directory`);
  if (more.length > 0) throw new UsageError(`one directory at a time, not ${more.join(' ')} as well`);
  for (const option of Object.keys(values) as (keyof typeof OPTIONS)[]) {
    const known: readonly string[] = OPTIONS[option].of;
    if (!known.includes(name)) throw new UsageError(`${name} has no option --${option}`);
  }
  const { json = false } = values;
  switch (name) {
    case 'verify':
      return { name, dir, json, expectHead: head(values['expect-head']) };
    case 'inspect':
      return { name, dir, json };
    default: {
      const [from, to] = [whole('from', values.from), whole('to', values.to)];
      if (from !== undefined && to !== undefined && from > to) {
        throw new UsageError(`--from ${from} is behind --to ${to}`);
      }
      return { name, dir, from, to, account: whole('account', values.account) };
    }
  }
}

function split(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function whole(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value === 0) {
    throw new UsageError(`--${option} ${text}: not a whole number from 1`);
  }
  return value;
}

function head(text: string | undefined): Head | undefined {
  if (text === undefined) return undefined;
  const [, seq, hash] = /^(\d{1,16}):([\da-f]{64})$/i.exec(text) ?? [];
  if (seq === undefined || hash === undefined) {
    throw new UsageError(`--expect-head ${text}: not a record's number, a colon and 64 hexadecimal digits`);
  }
  return { seq: Number(seq), hash: hash.toLowerCase() };
}
