/** The library of `native/faults`: built when a test needs it, and preloaded into a child. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ROOT } from '../children.ts';

/** Kinds of calls that can be counted. */
export type FaultCall = 'open' | 'write' | 'sync' | 'rename' | 'truncate' | 'unlink' | 'read';

/** What happens to a call that is hit; `native/faults/src/plan.rs` says what each of them means. */
export type FaultHow = 'eio' | 'enospc' | 'emfile' | 'short' | 'slow' | 'lie' | 'kill' | 'torn';

/** What is to go wrong in a child. */
export interface Faults {
  /** Below which directory. */
  directory: string;
  /** The number of the first call that is hit, from 1; without, none is. */
  at?: number;
  /** How many are hit from there on. */
  lasts?: number | 'ever';
  how?: FaultHow;
  /** Which calls are counted; default: all but reads. */
  calls?: readonly FaultCall[];
  /** Only those on files whose path below the directory contains this. */
  files?: string;
  /** Nothing is counted, nothing fails unless this file exists. */
  armedBy?: string;
  /** A file that gets a line per counted call. */
  trace?: string;
}

let built: { path: string } | { why: string } | undefined;

/** The library's path, or why there is none here. */
export function shim(): { path: string } | { why: string } {
  built ??= build();
  return built;
}

function build(): { path: string } | { why: string } {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch))
    return { why: `no LD_PRELOAD shim on ${process.platform}-${process.arch}` };
  const { status, stdout, stderr, error } = spawnSync(
    'cargo',
    ['build', '--release', '--quiet', '--package', 'lightning-faults', '--message-format', 'json'],
    { cwd: ROOT, encoding: 'utf8' },
  );
  if (error) return { why: `cargo can't be run, and the shim not be built: ${error.message}` };
  if (status !== 0) throw new Error(`the shim can't be built\n${stderr}`);
  for (const line of stdout.split('\n')) {
    if (!line.startsWith('{')) continue;
    const { reason, filenames } = JSON.parse(line) as { reason: string; filenames?: string[] };
    const library = filenames?.find((name) => name.endsWith('liblightning_faults.so'));
    if (reason === 'compiler-artifact' && library !== undefined) return { path: library };
  }
  throw new Error(`cargo built no liblightning_faults.so\n${stdout}${stderr}`);
}

/** The environment of a child in which this is to go wrong. */
export function faultEnv(faults: Faults): Record<string, string> {
  const library = shim();
  if ('why' in library) throw new Error(library.why);
  const {
    directory,
    at = 0,
    lasts = 1,
    how = 'eio',
    calls = [],
    files = '',
    armedBy = '',
    trace = '',
  } = faults;
  return {
    LD_PRELOAD: library.path,
    LIGHTNING_FAULTS_DIR: directory,
    LIGHTNING_FAULTS_AT: `${at}`,
    LIGHTNING_FAULTS_FOR: `${lasts}`,
    LIGHTNING_FAULTS_HOW: how,
    LIGHTNING_FAULTS_CALLS: calls.join(','),
    LIGHTNING_FAULTS_FILES: files,
    LIGHTNING_FAULTS_ARMED_BY: armedBy,
    LIGHTNING_FAULTS_TRACE: trace,
  };
}

/** One counted call. */
export interface Traced {
  number: number;
  call: FaultCall;
  file: string;
  offset: number;
  bytes: number;
  hit: boolean;
}

/** What the trace says that was counted, in order. */
export function readTrace(path: string): Traced[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  const all = lines.map((line) => {
    const [number, call, file, offset, bytes, hit] = line.split(' ');
    return {
      number: Number(number),
      call: call as FaultCall,
      file: file ?? '',
      offset: Number(offset),
      bytes: Number(bytes),
      hit: hit === 'hit',
    };
  });
  // Threads write their lines in whatever order they come to it.
  return all.toSorted((a, b) => a.number - b.number);
}
