/** The shim itself: what it counts, and what each kind of fault does to a process that has never heard of it. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { beside, freshDirectory, removeDirectory } from './directories.ts';
import { type Faults, faultEnv, readTrace, shim } from './shim.ts';

/** Three times: opens a file, appends ten bytes, syncs; then gives it another name and removes it. Says each error. */
const PROGRAM = `
  const fs = require('node:fs');
  const [file, other] = ['file', 'other'].map((name) => process.argv[1] + '/' + name);
  const attempt = (what, act) => {
    try { console.log(what, act()); } catch (error) { console.log(what, error.code); }
  };
  for (let i = 0; i < 3; i++) {
    attempt('append', () => {
      const fd = fs.openSync(file, 'a');
      try { const n = fs.writeSync(fd, '0123456789'); fs.fsyncSync(fd); return n; } finally { fs.closeSync(fd); }
    });
  }
  attempt('length', () => fs.statSync(file).size);
  attempt('rename', () => fs.renameSync(file, other));
  attempt('unlink', () => fs.unlinkSync(other));
  fs.writeFileSync(process.argv[1] + '.elsewhere', 'not counted');
`;

interface Outcome {
  said: string[];
  signal: NodeJS.Signals | null;
  /** Numbers, calls and files. */
  counted: string[];
  left: string | undefined;
}

function run(t: ExecutionContext, faults: Omit<Faults, 'directory' | 'trace'>): Outcome {
  const directory = freshDirectory('shim');
  const [trace, elsewhere] = [beside(directory, 'trace'), beside(directory, 'elsewhere')];
  writeFileSync(trace, '');
  t.teardown(() => [directory, trace, elsewhere].forEach(removeDirectory));
  const { stdout, stderr, signal } = spawnSync(process.execPath, ['-e', PROGRAM, directory], {
    env: { ...process.env, ...faultEnv({ ...faults, directory, trace }) },
    encoding: 'utf8',
  });
  t.is(stderr, '');
  const file = join(directory, 'file');
  return {
    said: stdout.trim().split('\n'),
    signal,
    counted: readTrace(trace).map(
      ({ number, call, file: name, hit }) => `${number} ${call} ${name}${hit ? ' hit' : ''}`,
    ),
    left: existsSync(file) ? readFileSync(file, 'utf8') : undefined,
  };
}

const EVERYTHING = [
  'append 10',
  'append 10',
  'append 10',
  'length 30',
  'rename undefined',
  'unlink undefined',
];

const works = (title: string, body: (t: ExecutionContext) => void) =>
  test(title, (t) => {
    const library = shim();
    if ('path' in library) {
      body(t);
      return;
    }
    t.log(`skipped: ${library.why}`);
    t.pass();
  });

works('without a fault it only counts, and only below its directory', (t) => {
  const { said, counted } = run(t, {});
  t.deepEqual(said, EVERYTHING);
  const calls = ['open file', 'write file', 'sync file'];
  t.deepEqual(
    counted,
    [...calls, ...calls, ...calls, 'rename file', 'unlink other'].map((call, i) => `${i + 1} ${call}`),
  );
});

works('each call of a run fails in its turn', (t) => {
  for (let at = 1; at <= 11; at += 1) {
    const { said, counted } = run(t, { at });
    t.is(said.filter((line) => line.endsWith('EIO')).length, 1, `${at}: ${said.join(', ')}`);
    t.is(counted.filter((line) => line.endsWith('hit')).length, 1);
    t.regex(counted[at - 1]!, /hit$/);
  }
  const { said } = run(t, { at: 5, lasts: 'ever' });
  t.deepEqual(said, ['append 10', 'append EIO', 'append EIO', 'length 10', 'rename EIO', 'unlink EIO']);
});

works('only chosen calls, only chosen files, only when armed', (t) => {
  t.deepEqual(run(t, { calls: ['sync'], at: 2 }).said.slice(0, 3), ['append 10', 'append EIO', 'append 10']);
  t.deepEqual(run(t, { calls: ['rename'], at: 1 }).said.slice(3), [
    'length 30',
    'rename EIO',
    'unlink ENOENT',
  ]);
  t.deepEqual(run(t, { files: 'ot', at: 1 }).counted, ['1 unlink other hit']);
  t.deepEqual(run(t, { armedBy: '/nowhere/at/all', at: 1 }).counted, []);
});

works('short, torn, lying, full', (t) => {
  // Node goes on by itself behind a short write: there is one write more.
  const short = run(t, { calls: ['write'], at: 2, how: 'short' });
  t.deepEqual(short.said, EVERYTHING);
  t.is(short.counted.length, 4);
  const lie = run(t, { calls: ['write'], at: 2, how: 'lie' });
  t.deepEqual(lie.said, ['append 10', 'append 10', 'append 10', 'length 20', ...EVERYTHING.slice(4)]);
  const full = run(t, { at: 5, lasts: 'ever', how: 'enospc' });
  t.deepEqual(full.said, [
    'append 10',
    'append ENOSPC',
    'append ENOSPC',
    'length 10',
    ...EVERYTHING.slice(4),
  ]);
  const few = run(t, { at: 4, lasts: 'ever', how: 'emfile' });
  t.deepEqual(few.said, ['append 10', 'append EMFILE', 'append EMFILE', 'length 10', ...EVERYTHING.slice(4)]);
  t.deepEqual(run(t, { at: 5, how: 'slow' }).said, EVERYTHING);
  const kill = run(t, { at: 5, how: 'kill' });
  t.like(kill, { signal: 'SIGKILL', said: ['append 10'], left: '0123456789' });
  t.like(run(t, { at: 5, how: 'torn' }), { signal: 'SIGKILL', said: ['append 10'], left: '012345678901234' });
  t.like(run(t, { at: 10, how: 'torn' }), { signal: 'SIGKILL', left: undefined });
});

works('nonsense ends the process: a test that tests nothing must not pass', (t) => {
  const directory = freshDirectory('shim');
  t.teardown(() => removeDirectory(directory));
  const env = { ...process.env, ...faultEnv({ directory }), LIGHTNING_FAULTS_HOW: 'sometimes' };
  const { signal, stderr } = spawnSync(process.execPath, ['-e', PROGRAM, directory], {
    env,
    encoding: 'utf8',
  });
  t.is(signal, 'SIGKILL');
  t.regex(stderr, /makes no sense/);
});
