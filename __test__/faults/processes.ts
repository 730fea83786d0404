/**
 * Node processes under test. What they run is bundled once per test file, so that each starts within a fraction of a
 * second, and what they say comes over a pipe of its own, line by line, as it is said: nothing that a process told
 * us is lost with it.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { ROOT } from '../children.ts';
import type { Job, Line } from './child/protocol.ts';
import { freshDirectory, removeDirectory } from './directories.ts';

let bundled: Promise<string> | undefined;

/** The children's program as one file. */
async function program(): Promise<string> {
  const directory = freshDirectory('program');
  process.once('exit', () => removeDirectory(directory));
  const outfile = join(directory, 'main.mjs');
  await build({
    entryPoints: [join(ROOT, '__test__/faults/child/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
    // The sources find the binary relative to themselves.
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(join(ROOT, 'ts/native.ts')).href) },
  });
  return outfile;
}

/** How a process ended. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** It was still running at the limit, and was killed. */
  late: boolean;
  /** All of it as text, for an assertion's message. */
  report: string;
}

/** A process under test. */
export interface Child {
  /** What it has said so far. Whole lines only: what was cut off was not said. */
  lines: Line[];
  /** Resolves when it is gone, and everything it said is in {@link Child.lines}. Never rejects. */
  ended: Promise<Ended>;
  /** Resolves with the first line that this holds for; undefined if it ends without. */
  said: (which: (line: Line) => boolean) => Promise<Line | undefined>;
  kill: (signal?: NodeJS.Signals) => void;
}

/** Starts a process. It is killed after `ms`, and that is a failure. */
export async function start(
  job: Job,
  { env = {}, ms = 60_000, wrap = [] }: { env?: Record<string, string>; ms?: number; wrap?: string[] } = {},
): Promise<Child> {
  bundled ??= program();
  const command = [...wrap, process.execPath, await bundled, JSON.stringify(job)];
  const child = spawn(command[0]!, command.slice(1), {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  const ended = follow(child, lines, waiting, ms, command);
  let isOver = false;
  void (async () => {
    await ended;
    isOver = true;
    for (const look of waiting) look();
  })();
  const said = (which: (line: Line) => boolean) =>
    new Promise<Line | undefined>((resolve) => {
      let looked = 0;
      const look = () => {
        while (looked < lines.length) {
          const line = lines[looked]!;
          looked += 1;
          if (which(line)) {
            waiting.delete(look);
            resolve(line);
            return;
          }
        }
        if (isOver) resolve(undefined);
      };
      waiting.add(look);
      look();
    });
  return { lines, ended, said, kill: (signal = 'SIGKILL') => void child.kill(signal) };
}

async function follow(
  child: ChildProcess,
  lines: Line[],
  waiting: Set<() => void>,
  ms: number,
  command: string[],
): Promise<Ended> {
  let [output, late] = ['', false];
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  let rest = '';
  const said = child.stdio[3] as NodeJS.ReadableStream;
  said.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part) as Line);
    for (const look of waiting) look();
  });
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, ms);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.on('error', (error) => {
      output += String(error);
      resolve([null, null]);
    });
    child.on('close', (...end) => resolve(end));
  });
  clearTimeout(timer);
  const how = late ? `was still running after ${ms} ms` : `ended with code ${code}, signal ${signal}`;
  const last = lines.slice(-5).map((line) => JSON.stringify(line));
  const report = `${command.join(' ')}\n${how}\n--- output\n${output}--- the last it said\n${last.join('\n')}`;
  return { code, signal, late, report };
}
