import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RadixCache } from "../../../bench/simulator/scheduling/radix-cache.ts";

const ids = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 12 }).map((list) => Int32Array.from(list));

function sharedPrefix(left: Int32Array, right: Int32Array): number {
  let length = 0;
  while (length < left.length && length < right.length && left[length] === right[length]) length++;
  return length;
}

/** Number of distinct non-empty prefixes: what a radix tree of these sequences must hold. */
function distinctPrefixes(sequences: readonly Int32Array[]): number {
  return new Set(sequences.flatMap((one) => [...one.keys()].map((end) => one.slice(0, end + 1).join()))).size;
}

test("the longest cached prefix is found, each token is held once", () => {
  fc.assert(
    fc.property(fc.array(ids, { maxLength: 30 }), fc.array(ids, { maxLength: 10 }), (inserted, asked) => {
      const cache = new RadixCache();
      for (const one of inserted) cache.unlock(cache.insertLocked(one));
      expect(cache.tokens).toBe(distinctPrefixes(inserted));
      for (const one of asked) {
        const { length, lock } = cache.matchLocked(one);
        cache.unlock(lock);
        expect(length).toBe(Math.max(0, ...inserted.map((other) => sharedPrefix(one, other))));
      }
      // Asking splits edges but adds nothing.
      expect(cache.tokens).toBe(distinctPrefixes(inserted));
      expect(cache.lockedTokens).toBe(0);
    }),
  );
});

test("locked sequences survive any eviction, the rest can be freed completely", () => {
  fc.assert(
    fc.property(fc.array(ids, { maxLength: 20 }), fc.array(ids, { maxLength: 20 }), (kept, loose) => {
      const cache = new RadixCache();
      const locks = [];
      for (const [index, one] of loose.entries()) {
        cache.unlock(cache.insertLocked(one));
        const keep = kept[index];
        if (keep !== undefined) locks.push({ keep, lock: cache.insertLocked(keep) });
      }
      const held = distinctPrefixes(locks.map(({ keep }) => keep));
      expect(cache.lockedTokens).toBe(held);
      cache.evict(Number.MAX_SAFE_INTEGER);
      expect(cache.tokens).toBe(held);
      for (const { keep, lock } of locks) {
        const match = cache.matchLocked(keep);
        expect(match.length).toBe(keep.length);
        cache.unlock(match.lock);
        cache.unlock(lock);
      }
      expect(cache.lockedTokens).toBe(0);
      cache.evict(Number.MAX_SAFE_INTEGER);
      expect(cache.tokens).toBe(0);
    }),
  );
});

test("eviction takes the least recently used first and no more than asked", () => {
  const cache = new RadixCache();
  const [old, recent] = [Int32Array.of(1, 2, 3), Int32Array.of(4, 5, 6)];
  cache.unlock(cache.insertLocked(old));
  cache.unlock(cache.insertLocked(recent));
  cache.unlock(cache.matchLocked(old).lock);
  expect(cache.evict(2)).toBe(3);
  expect(cache.matchLocked(old).length).toBe(3);
  expect(cache.matchLocked(recent).length).toBe(0);
});

test("eviction frees in the order of last uses, whatever was asked and locked before", () => {
  const wanted = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.boolean()), { maxLength: 300 });
  fc.assert(
    fc.property(wanted, (uses) => {
      const cache = new RadixCache();
      // Sequences that share nothing: what is held is known without a tree.
      const lastUse = new Map<number, number>();
      for (const [at, [name, evicts]] of uses.entries()) {
        cache.unlock(cache.insertLocked(Int32Array.of(name, name)));
        lastUse.set(name, at);
        if (!evicts || lastUse.size < 2) continue;
        const [[oldest] = [0]] = [...lastUse].toSorted(([, a], [, b]) => a - b);
        expect(cache.evict(1)).toBe(2);
        lastUse.delete(oldest);
        expect(lengthOf(cache, oldest)).toBe(0);
        expect(cache.tokens).toBe(2 * lastUse.size);
      }
    }),
  );
});

test("what becomes a leaf by an eviction can be freed by the same one", () => {
  const cache = new RadixCache();
  cache.unlock(cache.insertLocked(Int32Array.of(1, 2, 3, 4)));
  cache.unlock(cache.insertLocked(Int32Array.of(1, 2, 5, 6)));
  expect(cache.evict(5)).toBe(6);
  expect(cache.tokens).toBe(0);
});

function lengthOf(cache: RadixCache, name: number): number {
  const { length, lock } = cache.matchLocked(Int32Array.of(name, name));
  cache.unlock(lock);
  return length;
}
