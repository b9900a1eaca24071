import { createHash } from "node:crypto";

/** A number in [0, 1) that depends on nothing but the given parts. */
export function draw(...parts: readonly (string | number)[]): number {
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** The same from integers only and much cheaper, for one value per token. */
export function quickDraw(seed: number, position: number): number {
  let state = (seed ^ Math.imul(position + 1, 0x9e3779b1)) >>> 0;
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return ((state ^ (state >>> 16)) >>> 0) / 2 ** 32;
}

/** 32-bit FNV-1a over token ids. */
export function hashIds(ids: Iterable<number>, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (const id of ids) hash = Math.imul(hash ^ id, 0x01000193) >>> 0;
  return hash;
}
