/**
 * exchange-core, the Java exchange with balances, as a process that replays a file of commands whenever it is asked.
 * It is installed on demand: the first time, Maven fetches what `pom.xml` pins.
 */

import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const INSTALL_LIMIT_MS = 5 * 60_000;
const REPETITION_LIMIT_MS = 150_000;

/** Its libraries reach into the Java runtime, which Java 17 permits to those who are named only. */
const OPEN = [
  ...['jdk.internal.ref', 'sun.nio.ch'].map((name) => `--add-exports=java.base/${name}=ALL-UNNAMED`),
  ...['java.lang', 'java.lang.reflect', 'java.nio', 'sun.nio.ch'].map(
    (name) => `--add-opens=java.base/${name}=ALL-UNNAMED`,
  ),
];

/**
 * What its threads do while there is nothing to do. It has five threads to a pipeline; on two cores `YIELDING` beat
 * `BLOCKING` and `BUSY_SPIN` in every round of an interleaved comparison.
 */
const WAIT_STRATEGY = 'YIELDING';

/** What a repetition came to. */
export interface Replayed {
  nanoseconds: number;
  commands: number;
  refused: number;
  firstRefusal: string;
  trades: number;
  tradedLots: number;
  /** Orders that rest in the end. */
  orders: number;
  /** As `native/bench/README.md` defines them. */
  tradesHash: string;
  booksHash: string;
  /** Its own report of all balances adds up to nothing. */
  conserved: boolean;
}

/** Makes it ready to run; why it can't be, if it can't. */
export function installExchangeCore(): string | null {
  for (const [tool, word] of [
    ['java', '-version'],
    ['mvn', '-version'],
  ] as const) {
    if (spawnSync(tool, [word], { stdio: 'ignore' }).status !== 0) return `${tool} is not installed`;
  }
  const build = spawnSync('mvn', ['--quiet', '--batch-mode', 'package'], {
    cwd: HERE,
    encoding: 'utf8',
    timeout: INSTALL_LIMIT_MS,
  });
  return build.status === 0
    ? null
    : `it can't be installed: ${(build.stdout + build.stderr).trim().slice(0, 500)}`;
}

/** A running Java machine with a file of commands, warm after its first repetition. */
export class ExchangeCore implements Disposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #complaints = '';

  constructor(file: string) {
    const words = [
      ...OPEN,
      '-Xmx8g',
      '-cp',
      'target/classes:target/lib/*',
      'lightning.peer.Replay',
      file,
      WAIT_STRATEGY,
    ];
    this.#child = spawn('java', words, { cwd: HERE });
    this.#child.on('error', (error) => (this.#complaints += String(error)));
    // A machine that is gone closes its input; that is told by its output, which ends.
    this.#child.stdin.on('error', () => {});
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(0, 1_000);
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async repetition(): Promise<Replayed> {
    const timer = setTimeout(() => {
      this.#complaints += ` no answer after ${REPETITION_LIMIT_MS / 1000} s`;
      this[Symbol.dispose]();
    }, REPETITION_LIMIT_MS);
    this.#child.stdin.write('\n');
    const { done, value } = await this.#lines.next();
    clearTimeout(timer);
    if (done === true) throw new Error(`exchange-core ended: ${this.#complaints}`);
    return JSON.parse(value) as Replayed;
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}
