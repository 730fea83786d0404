/**
 * Files that are not what they were: bytes, sectors and blocks changed, files cut off, lengthened, deleted, swapped,
 * replaced by older ones. Opening either refuses, and then has changed nothing, or gives exactly what was there.
 *
 * `LIGHTNING_CORRUPTIONS=20000 npx ava __test__/faults/corruption.spec.ts` tries so many; `SEED=7
 * LIGHTNING_CORRUPTIONS=1` the one of that seed again.
 */
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Engine, LightningError } from '../../index.ts';
import type { EngineConfig } from '../../index.ts';
import { generator, seedOr } from '../random.ts';
import { commandsOf, make, stage } from './commands.ts';
import { copyDirectory, fastDirectory, filesOf, fingerprint, removeDirectory } from './directories.ts';
import { start } from './processes.ts';

const CASES = Number(process.env['LIGHTNING_CORRUPTIONS'] ?? 300);
const SEED = seedOr(1);

const SHARED: EngineConfig = {
  threads: 'inline',
  segmentBytes: 1 << 20,
  snapshot: { everyRecords: 0, keep: 3 },
  history: { tradesPerSymbol: 1_000_000 },
};

/** A directory as it should be. */
interface Original {
  name: string;
  dataDir: string;
  /** The directory as it was at an earlier time. */
  earlier: string;
  seq: number;
  hash: string;
}

/** A log of several segments, two snapshots in it; closed, or left behind by a process that was killed. */
async function originals(parent: string): Promise<Original[]> {
  const [closed, earlier, killed] = ['closed', 'earlier', 'killed'].map((name) => join(parent, name)) as [
    string,
    string,
    string,
  ];
  let engine = await Engine.open({ ...SHARED, dataDir: closed });
  for (const command of stage()) await make(engine, command);
  const commands = commandsOf({ seed: 5, run: 0, length: 700, clock: null });
  for (const [n, command] of commands.entries()) {
    try {
      await make(engine, command);
    } catch (error) {
      if (!(error instanceof LightningError)) throw error;
    }
    if (n === 200 || n === 500) await engine.snapshot();
    if (n === 350) {
      await engine.close();
      copyDirectory(closed, earlier);
      engine = await Engine.open({ ...SHARED, dataDir: closed });
    }
  }
  const { seq: _seq, hash } = await engine.stateHash();
  await engine.close();
  copyDirectory(closed, killed);
  const child = await start({
    role: 'load',
    config: { ...SHARED, dataDir: killed },
    script: { seed: 5, run: 1, length: 100, clock: null },
    width: 1,
    quietEvery: 100,
    atEnd: 'wait',
  });
  const quiet = await child.said(({ say }) => say === 'quiet');
  // Long enough for the heartbeat that follows the last record.
  await new Promise((resolve) => setTimeout(resolve, 300));
  child.kill();
  await child.ended;
  const rest = quiet?.say === 'quiet' ? quiet.reading.state! : undefined;
  const made: Original[] = [];
  for (const [name, dataDir, wanted] of [
    ['closed', closed, hash],
    ['killed', killed, rest?.hash],
  ] as const) {
    const copy = `${dataDir}.opened`;
    copyDirectory(dataDir, copy);
    const pristine = await Engine.open({ ...SHARED, dataDir: copy });
    const { seq, stateHash } = pristine.recovery!;
    await pristine.close();
    removeDirectory(copy);
    if (stateHash !== wanted) throw new Error(`${name}: ${wanted} became ${stateHash} without any damage`);
    made.push({ name, dataDir, earlier, seq, hash: stateHash });
  }
  return made;
}

/** Overwrites a part of a file. */
function overwrite(path: string, offset: number, bytes: Uint8Array): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, bytes, 0, bytes.length, offset);
  closeSync(fd);
}

/** Damages something, and says what. */
function damage(random: () => number, dir: string, earlier: string): string {
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const names = filesOf(dir).filter((name) => name !== 'LOCK');
  const kinds = ['segment-', 'segment-', 'segment-', 'MANIFEST-', 'snapshot-', 'prepared-', 'emergency'];
  const wanted = pick(kinds);
  const name = pick(names.filter((one) => one.startsWith(wanted))) ?? pick(names);
  const path = join(dir, name);
  const bytes = readFileSync(path);
  // Mostly where something is written: the tail of a segment is zeros.
  const used = bytes.findLastIndex((byte) => byte !== 0) + 1;
  const place = (size: number) => {
    const end = Math.max(size, random() < 0.85 ? Math.min(bytes.length, used + size) : bytes.length);
    return Math.floor(below(end) / size) * size;
  };
  const part = (offset: number, size: number) =>
    bytes.subarray(offset, Math.min(offset + size, bytes.length));
  const unit = pick([512, 4096, 4096, 65_536]);
  const kind = below(14);
  if (kind <= 3 || bytes.length === 0) {
    // A bit; half of the time in the first bytes of a block, where headers are.
    const at = Math.min(random() < 0.5 ? place(1) : place(4096) + below(160), Math.max(0, bytes.length - 1));
    const mask = 1 << below(8);
    overwrite(path, at, Uint8Array.of((bytes[at] ?? 0) ^ mask));
    return `bit ${mask} of byte ${at} of ${name}`;
  }
  const at = place(unit);
  const old = part(at, unit);
  switch (kind) {
    case 4:
      overwrite(path, at, new Uint8Array(old.length));
      return `${unit} bytes from ${at} on of ${name} zeroed`;
    case 5:
      overwrite(
        path,
        at,
        old.map(() => below(256)),
      );
      return `${unit} bytes from ${at} on of ${name} at random`;
    case 6: {
      const from = place(unit);
      overwrite(path, at, part(from, old.length));
      return `${unit} bytes from ${from} on of ${name} also at ${at}`;
    }
    case 7: {
      const from = place(unit);
      const other = Uint8Array.from(part(from, unit));
      if (other.length === old.length) {
        overwrite(path, at, other);
        overwrite(path, from, old);
      }
      return `${unit} bytes of ${name} at ${at} and ${from} swapped`;
    }
    case 8: {
      const length = random() < 0.2 ? 0 : below(random() < 0.5 ? Math.max(1, used) : bytes.length);
      truncateSync(path, length);
      return `${name} cut to ${length} of ${bytes.length} bytes`;
    }
    case 9: {
      const more = Uint8Array.from({ length: unit }, random() < 0.5 ? () => 0 : () => below(256));
      overwrite(path, bytes.length, more);
      return `${name} lengthened by ${unit} bytes, the last is ${more.at(-1)}`;
    }
    case 10:
      rmSync(path);
      return `${name} deleted`;
    case 11: {
      const other = pick(names.filter((one) => one !== name));
      const theirs = readFileSync(join(dir, other));
      writeFileSync(path, theirs);
      writeFileSync(join(dir, other), bytes);
      return `${name} and ${other} swapped`;
    }
    case 12: {
      const other = pick(filesOf(earlier).filter((one) => one !== 'LOCK'));
      writeFileSync(join(dir, other), readFileSync(join(earlier, other)));
      return `${other} as it was earlier (${names.includes(other) ? 'it had changed' : 'it was gone'})`;
    }
    default: {
      const all = names.filter((one) => one.startsWith(wanted));
      for (const one of all) rmSync(join(dir, one));
      return `all of ${wanted} deleted: ${all.length} files`;
    }
  }
}

/**
 * Does a file of the log now end earlier, with nothing but zeros from there on? Whoever kills a process and then wipes
 * out its last group of records and the heartbeat behind it, too, leaves what a crash before these would have left: one
 * copy of the files can't tell (`verify --expect-head` can).
 */
function hasNoEnd(original: string, damaged: string): boolean {
  return filesOf(original).some((name) => {
    if (!name.startsWith('segment-') || !existsSync(join(damaged, name))) return false;
    const [was, is] = [readFileSync(join(original, name)), readFileSync(join(damaged, name))];
    const used = was.findLastIndex((byte) => byte !== 0) + 1;
    const first = was.findIndex((byte, i) => byte !== is[i]);
    return (
      first !== -1 &&
      was.length === is.length &&
      is.subarray(first).every((byte) => byte === 0) &&
      first < used
    );
  });
}

/** What a refusal for damaged files may be called. */
const REFUSALS = new Set(['CORRUPT_STATE', 'UNSUPPORTED_VERSION', 'JOURNAL_IO']);

test('damaged files are refused and left alone, or do no harm', async (t) => {
  t.timeout(10_000_000);
  const parent = fastDirectory('corruption');
  t.teardown(() => removeDirectory(parent));
  const all = await originals(parent);
  const dataDir = join(parent, 'damaged');
  const outcomes: Record<string, number> = {};
  for (let n = 0; n < CASES; n += 1) {
    const seed = SEED + n;
    const random = generator(seed * 31 + 7);
    const original = all[n % all.length]!;
    copyDirectory(original.dataDir, dataDir);
    const what = damage(random, dataDir, original.earlier);
    const again = `SEED=${seed} LIGHTNING_CORRUPTIONS=1 npx ava __test__/faults/corruption.spec.ts`;
    const title = `${original.name}: ${what}: ${again}`;
    const before = fingerprint(dataDir);
    const isPrefix = original.name === 'killed' && hasNoEnd(original.dataDir, dataDir);
    let outcome: string;
    try {
      const engine = await Engine.open({ ...SHARED, dataDir });
      const { seq, stateHash, torn, warnings } = engine.recovery!;
      if (!isPrefix) {
        t.is(stateHash, original.hash, `SILENT: ${title}`);
        t.true(seq >= original.seq, `SILENT: ${title}: ${seq} of ${original.seq}`);
      }
      t.is((await engine.stateHash()).hash, stateHash, title);
      // It goes on, and does not break later by what was left behind.
      await engine.accounts.deposit({ accountId: 1, asset: 'QQQ', amount: 1 });
      const { hash } = await engine.stateHash();
      await engine.close();
      const later = await Engine.open({ ...SHARED, dataDir });
      t.is(later.recovery!.stateHash, hash, `LATER: ${title}`);
      await later.close();
      if (isPrefix) outcome = 'without its end';
      else
        outcome = torn
          ? 'harmless, a torn end'
          : warnings.length > 0
            ? 'harmless, with a warning'
            : 'harmless';
    } catch (error) {
      if (!(error instanceof LightningError)) throw error;
      t.true(REFUSALS.has(error.code), `${error.code}: ${error.message}: ${title}`);
      t.is(fingerprint(dataDir), before, `refused, and changed something: ${title}`);
      outcome = error.code;
    }
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    removeDirectory(dataDir);
  }
  t.log(JSON.stringify(outcomes));
  if (CASES < 300) return;
  t.true(outcomes['CORRUPT_STATE']! > CASES / 5, 'most damage is seen');
  t.true(outcomes['harmless']! > 0, 'what is not needed may be damaged');
});
