/** What the tests of kept engines share: data directories, and restarts. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { Engine } from '../index.ts';
import type { EngineConfig } from '../index.ts';
import { configFor } from './helpers.ts';
import type { Mode } from './helpers.ts';

/** Small log files, so that an empty data directory is no gigabyte. */
export const SEGMENT_BYTES = 2 ** 20;

/** The path of a data directory that does not exist yet, and is gone when the test ends. */
export function directory(t: ExecutionContext): string {
  const parent = mkdtempSync(join(tmpdir(), 'lightning-kept-'));
  t.teardown(() => rmSync(parent, { recursive: true, force: true }));
  return join(parent, 'data');
}

/** Opens what is kept in a directory; it is closed when the test ends. */
export async function openKept(
  t: ExecutionContext,
  dataDir: string,
  config: EngineConfig = {},
): Promise<Engine> {
  const engine = await Engine.open({ dataDir, segmentBytes: SEGMENT_BYTES, ...config });
  t.teardown(() => engine.close().catch(() => {}));
  return engine;
}

/** The configuration of a kept engine under test. */
export function keptIn(mode: Mode, dataDir: string, config: EngineConfig = {}): EngineConfig {
  return { ...configFor(mode), dataDir, segmentBytes: SEGMENT_BYTES, ...config };
}

/** The names of a directory's files of one kind, in their order. */
export function files(dataDir: string, start: string): string[] {
  return readdirSync(dataDir)
    .filter((name) => name.startsWith(start))
    .toSorted();
}
