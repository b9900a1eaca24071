/** The memory that an alarm shares with its thread. */
export interface AlarmCells {
  /** `orders` and `rung`. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** One number: when to ring, monotonic nanoseconds. */
  readonly due: BigInt64Array<SharedArrayBuffer>;
}

/** Index in `words`: counts up with every order, so that a new one is noticed. */
export const orders = 0;
/** Index in `words`: 1 when it has rung. */
export const rung = 1;
