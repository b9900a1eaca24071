import { ConfigError } from "../../../bench/errors.ts";

const STATE_WORDS = 624;
const SHIFT_WORDS = 397;
const WORD_BITS = 32n;
const WORD_MASK = 0xffff_ffffn;
const TRIAL_SEED_MAXIMUM = 1_000_000;

/**
 * The Mersenne Twister as Python's `random` module seeds and draws it. tau2 takes the seeds of its trials from that
 * generator, so a run is only comparable with a Python run when the same numbers come out.
 */
export class PythonRandom {
  readonly #state = new Uint32Array(STATE_WORDS);
  #next = STATE_WORDS;

  /** `random.seed(seed)` for an integer; Python ignores the sign. */
  constructor(seed: number | bigint) {
    if (typeof seed === "number" && !Number.isSafeInteger(seed)) {
      throw new ConfigError(`A seed is an integer; got ${String(seed)}. Use a whole number.`);
    }
    this.#seedByArray(wordsOf(seed));
  }

  /** `random.getrandbits(bits)` for 1 to 32 bits. */
  bits(bits: number): number {
    return this.#word() >>> (32 - bits);
  }

  /** `random.randint(low, high)`, both ends included, for ranges below 2^32. */
  integer(low: number, high: number): number {
    const size = high - low + 1;
    const bits = 32 - Math.clz32(size);
    let drawn = this.bits(bits);
    while (drawn >= size) drawn = this.bits(bits);
    return low + drawn;
  }

  #seedByWord(word: number): void {
    const state = this.#state;
    state[0] = word;
    for (let i = 1; i < STATE_WORDS; i++) {
      const previous = at(state, i - 1);
      state[i] = Math.imul(1_812_433_253, previous ^ (previous >>> 30)) + i;
    }
  }

  #seedByArray(key: readonly number[]): void {
    const state = this.#state;
    this.#seedByWord(19_650_218);
    let i = 1;
    let j = 0;
    const advance = (): void => {
      i += 1;
      if (i >= STATE_WORDS) {
        state[0] = at(state, STATE_WORDS - 1);
        i = 1;
      }
    };
    for (let round = Math.max(STATE_WORDS, key.length); round > 0; round--) {
      const previous = at(state, i - 1);
      state[i] = (at(state, i) ^ Math.imul(previous ^ (previous >>> 30), 1_664_525)) + at(key, j) + j;
      advance();
      j = (j + 1) % key.length;
    }
    for (let round = STATE_WORDS - 1; round > 0; round--) {
      const previous = at(state, i - 1);
      state[i] = (at(state, i) ^ Math.imul(previous ^ (previous >>> 30), 1_566_083_941)) - i;
      advance();
    }
    state[0] = 0x8000_0000;
  }

  #refill(): void {
    const state = this.#state;
    for (let i = 0; i < STATE_WORDS; i++) {
      const mixed = (at(state, i) & 0x8000_0000) | (at(state, (i + 1) % STATE_WORDS) & 0x7fff_ffff);
      const twisted = (mixed >>> 1) ^ (mixed & 1 ? 0x9908_b0df : 0);
      state[i] = at(state, (i + SHIFT_WORDS) % STATE_WORDS) ^ twisted;
    }
    this.#next = 0;
  }

  #word(): number {
    if (this.#next >= STATE_WORDS) this.#refill();
    let word = at(this.#state, this.#next);
    this.#next += 1;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c_5680;
    word ^= (word << 15) & 0xefc6_0000;
    return (word ^ (word >>> 18)) >>> 0;
  }
}

/** The seeds that tau2 gives to the first `count` trials of a run with this base seed. */
export function trialSeeds(baseSeed: number | bigint, count: number): readonly number[] {
  const random = new PythonRandom(baseSeed);
  return Array.from({ length: count }, () => random.integer(0, TRIAL_SEED_MAXIMUM));
}

function wordsOf(seed: number | bigint): readonly number[] {
  let rest = BigInt(seed);
  if (rest < 0n) rest = -rest;
  const words: number[] = [];
  do {
    words.push(Number(rest & WORD_MASK));
    rest >>= WORD_BITS;
  } while (rest > 0n);
  return words;
}

function at(words: { readonly [index: number]: number | undefined }, index: number): number {
  return words[index] ?? 0;
}
