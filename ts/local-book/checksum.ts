/** CRC32 (IEEE, as in zip and Ethernet) of the best ten levels of each side, in the form that Kraken made known. */

import type { BookSide } from './side.ts';

const LEVELS = 10;
const POLYNOMIAL = 0xedb8_8320;

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let entry = byte;
  for (let bit = 0; bit < 8; bit += 1) entry = entry & 1 ? (entry >>> 1) ^ POLYNOMIAL : entry >>> 1;
  return entry;
});

/** The checksum of two sides: asks from the lowest up, then bids from the highest down, as an unsigned number. */
export function bookChecksum(bids: BookSide, asks: BookSide): number {
  let crc = -1;
  for (const side of [asks, bids]) {
    for (const { price, quantity } of side.best(LEVELS)) crc = addDigits(addDigits(crc, price), quantity);
  }
  return ~crc >>> 0;
}

/** A decimal's digits without its point and without leading zeros. */
function addDigits(crc: number, decimal: string): number {
  let leading = true;
  for (let at = 0; at < decimal.length; at += 1) {
    const code = decimal.charCodeAt(at);
    if (code === 0x2e || (leading && code === 0x30)) continue;
    leading = false;
    crc = (TABLE[(crc ^ code) & 0xff] as number) ^ (crc >>> 8);
  }
  return crc;
}
