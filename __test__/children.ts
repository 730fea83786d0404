/** Runs a script in a Node process of its own, with a time limit, and says how it ended. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** How a child process ended. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** It was still running at the limit, and was killed. */
  late: boolean;
  stdout: string;
  stderr: string;
  /** All of it as text, for an assertion's message. */
  report: string;
}

/** Runs `node --import=tsx file args`. Never rejects: what happened is the result. */
export async function runNode(
  file: string,
  args: readonly string[] = [],
  { ms = 10_000, env = {} }: { ms?: number; env?: Record<string, string> } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, ['--import=tsx', file, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr, late] = ['', '', false];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, ms);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...end) => resolve(end));
  });
  clearTimeout(timer);
  const how = late ? `was still running after ${ms} ms` : `ended with code ${code}, signal ${signal}`;
  const report = `node --import=tsx ${[file, ...args].join(' ')}\n${how}\n--- stdout\n${stdout}--- stderr\n${stderr}`;
  return { code, signal, late, stdout, stderr, report };
}
