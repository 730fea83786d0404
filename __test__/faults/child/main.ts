/** The processes under test: `main.mjs <job as JSON>`. In a worker thread the job comes as `workerData`. */
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { Engine } from '../../../index.ts';
import { load } from './load.ts';
import type { HoldJob, Job, WorkerJob } from './protocol.ts';
import { refused, say } from './say.ts';

/** Holds a directory open. */
async function hold({ config }: HoldJob): Promise<void> {
  try {
    const engine = await Engine.open(config);
    say({ say: 'opened', recovery: engine.recovery ?? null });
    process.once('SIGTERM', () => void engine.close().then(() => say({ say: 'closed' })));
    await new Promise(() => setInterval(() => undefined, 1000));
  } catch (error) {
    say({ say: 'open failed', error: refused(error) });
  }
}

/** Terminates a worker in the middle of its load. */
async function terminate({ load: job, terminateAfter }: WorkerJob): Promise<void> {
  const worker = new Worker(process.argv[1]!, { workerData: job });
  let answers = 0;
  await new Promise<void>((resolve, reject) => {
    worker.on('error', reject);
    worker.on('message', (what: string) => {
      if (what === 'ok') answers += 1;
      if (answers === terminateAfter) resolve();
    });
  });
  await worker.terminate();
  say({ say: 'end' });
}

const job = (isMainThread ? JSON.parse(process.argv[2]!) : workerData) as Job;
if (job.role === 'load') await load(job);
else if (job.role === 'hold') await hold(job);
else await terminate(job);
