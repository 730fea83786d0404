#!/usr/bin/env node
/** The command line: looks into data directories. Everything it knows of them is told by the native side. */

import { createRequire } from 'node:module';
import { type Refusal, toError } from '../errors.ts';
import { type Command, parse, USAGE, UsageError } from './args.ts';
import { dump } from './dump.ts';
import { inspect } from './inspect.ts';
import { print, ReaderGone } from './output.ts';
import { verify } from './verify.ts';

/** Exit codes. */
const [GOOD, REFUSED, MISUSED] = [0, 1, 2];

/** Does what was asked; gives the exit code. */
function run(args: readonly string[]): number {
  let command: Command;
  try {
    command = parse(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`lightning-exchange: ${error.message}\n\n${USAGE}`);
    return MISUSED;
  }
  switch (command.name) {
    case 'help':
      print(USAGE);
      return GOOD;
    case 'version':
      print(`${version()}\n`);
      return GOOD;
    case 'verify':
      return said(command.json, verify(command));
    case 'inspect':
      return said(command.json, inspect(command));
    default:
      return said(true, dump(command));
  }
}

/** Nothing to say any more, or why not: for people on stderr; for programs on stdout, too. */
function said(json: boolean, refusal: Refusal | undefined): number {
  if (!refusal) return GOOD;
  if (json) print(`${JSON.stringify({ error: refusal })}\n`);
  process.stderr.write(`lightning-exchange: ${toError(refusal).message}\n`);
  return REFUSED;
}

/** As in package.json, which is at the same place from ts/cli/ and, one folder less deep, from dist/. */
function version(): string {
  const load = createRequire(import.meta.url);
  const places = ['../package.json', '../../package.json'];
  for (const place of places) {
    try {
      return (load(place) as { version: string }).version;
    } catch {
      continue;
    }
  }
  return 'unknown';
}

try {
  process.exitCode = run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ReaderGone)) throw error;
}
