/** A progress bar on stderr, where somebody watches it. */

import cliProgress from 'cli-progress';

/** How far something is. */
export interface Progress {
  /** Bytes done. */
  bytes: number;
  /** Of so many. */
  bytesTotal: number;
}

/** Whether stderr is a terminal that lines may be drawn over in. */
function isWatched(): boolean {
  const { CI, NO_COLOR, TERM } = process.env;
  return process.stderr.isTTY === true && TERM !== 'dumb' && !CI && !NO_COLOR;
}

/** Runs a task that tells how far it is; the bar is gone when it ends. */
export function withProgress<Result>(
  title: string,
  task: (told: (progress: Progress) => void) => Result,
): Result {
  if (!isWatched()) return task(() => {});
  const bar = new cliProgress.SingleBar({
    stream: process.stderr,
    format: `${title} {bar} {percentage}% of {total} MB`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    clearOnComplete: true,
    // The task holds the thread: the bar is drawn from its calls, and an interrupt must find the terminal as it was.
    linewrap: true,
  });
  bar.start(1, 0);
  try {
    return task(({ bytes, bytesTotal }) => {
      bar.setTotal(Math.max(1, Math.ceil(bytesTotal / 1e6)));
      bar.update(Math.floor(bytes / 1e6));
    });
  } finally {
    bar.stop();
  }
}
