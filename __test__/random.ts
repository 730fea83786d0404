/** Where chance comes from: a seed. Without ava, for programs that tests start. */

/** A seeded generator of numbers in [0, 1): mulberry32. The same seed, the same numbers. */
export function generator(seed: number): () => number {
  let state = Math.trunc(seed);
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A seed from the environment (`SEED=123 npx ava ...`), or a fixed one. */
export function seedOr(fixed: number): number {
  const given = process.env['SEED'];
  return given === undefined ? fixed : Number(given);
}
