/**
 * `npm run bench`: how fast, compared with whom, and is it right?
 *
 * Right comes first. Every run of every contestant is compared with the flow's oracle, ours are audited besides
 * (conservation, balances against open orders). A run that is wrong is reported and fails the benchmark; a run that
 * is slow never does, for machines differ.
 */

import { parseArgs } from 'node:util';
import cliProgress from 'cli-progress';
import { canRedraw, colors } from '../demo/terminal.ts';
import { describeHost, hostLine, load } from './host.ts';
import { full, type Plan, quick } from './plan.ts';
import { save } from './recording.ts';
import { terminalReport } from './report/terminal.ts';
import { type Audience, PEERS, runSuite, STAGES, type Wanted } from './suite.ts';

const USAGE = `Usage: npm run bench -- [options]

  --quick         shorter flows and fewer repetitions: two minutes
  --save          write the results to benchmark/runs/; npm run bench:report draws from there
  --seed N        of the flows (8123)
  --only STAGES   of ${STAGES.join(', ')}; all without
  --peers PEERS   besides nodejs-order-book: ${PEERS.join(', ')} or all; installed on demand`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      seed: { type: 'string', default: '8123' },
      only: { type: 'string' },
      peers: { type: 'string', default: '' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const seed = Number(values.seed);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 31)
    throw new RangeError(`--seed is ${values.seed}`);
  const plan: Plan = values.quick ? quick(seed) : full(seed);
  const wanted: Wanted = {
    stages: new Set(values.only === undefined ? STAGES : named(values.only, STAGES)),
    peers: new Set(values.peers === 'all' ? PEERS : named(values.peers, PEERS)),
    command: ['npm run bench --', ...process.argv.slice(2).filter((word) => word !== '--save')].join(' '),
  };

  console.log(`${colors.bold('lightning-exchange benchmark')}, ${plan.name}, seed ${seed}`);
  console.log(`${hostLine(describeHost())}, host load ${load()}`);
  const recording = await watched((audience) => runSuite(plan, wanted, audience));
  console.log(terminalReport(recording));
  if (values.save) console.log(`written to benchmark/runs/${save(recording)}`);
  return recording.faults.length === 0 ? 0 : 1;
}

/** A list of names, each of which has to be known. */
function named<Name extends string>(list: string, known: readonly Name[]): Name[] {
  return list
    .split(',')
    .filter((word) => word !== '')
    .map((word) => {
      const found = known.find((name) => name === word.trim());
      if (found === undefined) throw new RangeError(`${word} is none of ${known.join(', ')}`);
      return found;
    });
}

async function watched<Result>(run: (audience: Audience) => Promise<Result>): Promise<Result> {
  using audience = progress();
  return await run(audience);
}

/** A bar where somebody watches, a line for each group of steps elsewhere. */
function progress(): Audience & Disposable {
  if (!canRedraw) {
    let last = '';
    return {
      begin: () => {},
      step(what) {
        const group = what.split(':')[0] ?? '';
        if (group !== last) console.log(`  ${group}`);
        last = group;
      },
      [Symbol.dispose]: () => {},
    };
  }
  const bar = new cliProgress.SingleBar(
    { format: ' {bar} {percentage} %   {what}', clearOnComplete: true, hideCursor: true, fps: 10 },
    cliProgress.Presets.shades_classic,
  );
  return {
    begin: (steps) => bar.start(steps, 0, { what: '' }),
    step: (what) => bar.increment({ what }),
    [Symbol.dispose]: () => bar.stop(),
  };
}

// Programs in groups of their own do not hear it; they are ended when this process exits.
process.on('SIGINT', () => process.exit(130));

process.exitCode = await main().catch((error: unknown) => {
  const usage = error instanceof RangeError || (error instanceof TypeError && 'code' in error);
  console.error(usage ? `${error.message}\n\n${USAGE}` : error);
  return 1;
});
