/** `verify`: is everything that is kept as it was written, and does it lead to what it led to? */

import { ERROR_CODES } from '../codes.ts';
import type { Refusal } from '../errors.ts';
import { native } from '../native.ts';
import type { AuditRecord, RecoveryProgress, VerifyReport } from '../types.ts';
import { read } from './answer.ts';
import type { Command, Head } from './args.ts';
import { print } from './output.ts';
import { withProgress } from './progress.ts';
import { count, pairs, size } from './text.ts';

/** Verifies a directory and prints what was found; gives the refusal if something is wrong. */
export function verify(command: Command & { name: 'verify' }): Refusal | undefined {
  const { dir, json } = command;
  const { ok: report, error } = withProgress('verifying', (told) => {
    const from = (start: 'genesis' | 'snapshot') =>
      read<VerifyReport>(
        native.verifyDirectory(dir, start, (text) => told(JSON.parse(text) as RecoveryProgress)),
      );
    const answer = from('genesis');
    // The first records were put away: what is left begins with a snapshot, and the report says with which.
    return answer.error && 'firstSeq' in answer.error.details ? from('snapshot') : answer;
  });
  if (error) return error;
  const mismatch = compare(command, report);
  if (mismatch) return mismatch;
  print(json ? `${JSON.stringify(report)}\n` : people(dir, report));
  return undefined;
}

/** What was said to be the end of the log once: it must be in its place still, with the hash that it had. */
function compare(
  { dir, expectHead }: Command & { name: 'verify' },
  report: VerifyReport,
): Refusal | undefined {
  if (expectHead === undefined) return undefined;
  const { seq, hash } = expectHead;
  if (seq > report.seq) {
    return corrupt(`the log ends with record ${report.seq}, and once ended with ${seq}`, expectHead, null);
  }
  const found = seq === report.seq ? report.headHash : hashOf(dir, seq);
  if (found === undefined) {
    return corrupt(`record ${seq} is there no more, which leaves nothing to compare`, expectHead, null);
  }
  if (found === hash) return undefined;
  return corrupt(`the log up to record ${seq} is another one: its hash is ${found}`, expectHead, found);
}

/** The hash of the log as of a record. */
function hashOf(dir: string, seq: number): string | undefined {
  let hash: string | undefined;
  native.dumpDirectory(dir, seq, seq, undefined, (lines) => {
    hash = (JSON.parse(lines) as AuditRecord).frameHash;
  });
  return hash;
}

function corrupt(message: string, expected: Head, found: string | null): Refusal {
  const { number, retryable } = ERROR_CODES.CORRUPT_STATE;
  const details = { seq: expected.seq, expected: expected.hash, found };
  return { number, code: 'CORRUPT_STATE', field: 'expect-head', message, details, retryable };
}

function people(dir: string, report: VerifyReport): string {
  const { seq, headHash, stateHash, snapshotSeq, records, segments, bytes, snapshots, warnings } = report;
  return pairs([
    ['whole', dir],
    ['head', `${seq}:${headHash}`],
    ['state', `${seq}:${stateHash}`],
    [
      'replayed',
      `${count(records)} records${snapshotSeq === null ? '' : ` behind the snapshot at ${snapshotSeq}`}`,
    ],
    ['files', `${count(segments)} of the log, ${size(bytes)}`],
    ['snapshots', snapshots.length === 0 ? 'none' : snapshots.join(', ')],
    ...warnings.map((warning) => ['warning', warning] as const),
  ]);
}
