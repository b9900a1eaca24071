/**
 * A text as its difference to another one: the first `prefix` and the last `suffix` UTF-16 units of the base, with
 * `middle` between. An agent's next request repeats nearly all of the last one, so this is what makes it cheap to keep
 * every body.
 */
export interface BodyDelta {
  readonly prefix: number;
  readonly suffix: number;
  readonly middle: string;
}

/** Units compared at once: equality of strings is a memcmp, a loop over characters is not. */
const block = 4_096;

/** The difference of a text to a base. `applyDelta(base, deltaOf(base, text)) === text` for any two strings. */
export function deltaOf(base: string, text: string): BodyDelta {
  const longest = Math.min(base.length, text.length);
  const prefix = countEqual(longest, (from, to) => base.slice(from, to) === text.slice(from, to));
  const suffix = countEqual(
    longest - prefix,
    (from, to) =>
      base.slice(base.length - to, base.length - from) === text.slice(text.length - to, text.length - from),
  );
  return { prefix, suffix, middle: text.slice(prefix, text.length - suffix) };
}

/**
 * The text that a delta was made from.
 * @throws {RangeError} when the base is too short to be the one the delta was made for.
 */
export function applyDelta(base: string, { prefix, suffix, middle }: BodyDelta): string {
  if (prefix + suffix > base.length) {
    throw new RangeError(
      `A delta over ${prefix} + ${suffix} units does not belong to a base of ${base.length}.`,
    );
  }
  return base.slice(0, prefix) + middle + base.slice(base.length - suffix);
}

/** Length of the longest run from 0 for which `equal` holds, by blocks and then by bisection within the last one. */
function countEqual(limit: number, equal: (from: number, to: number) => boolean): number {
  let from = 0;
  while (from + block <= limit && equal(from, from + block)) from += block;
  let to = Math.min(from + block, limit);
  while (from < to) {
    const middle = (from + to + 1) >> 1;
    if (equal(from, middle)) from = middle;
    else to = middle - 1;
  }
  return from;
}
