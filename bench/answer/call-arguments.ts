import { endedAtLimit } from "./complete.ts";
import { isObjectText, parsed, sameJson } from "./json.ts";

/**
 * How often it is looked whether a piece repeats what came before: each look reads all of it, and only the pieces of a few servers are
 * objects by themselves.
 */
const looksMax = 500;

/** A word or a number: braces and commas alone come one after another in any nested object. */
const word = /[\p{L}\p{N}]/u;

/**
 * The arguments of one call, put together from what its deltas bring. Most servers send pieces. Some send all so far in
 * each delta, or all once more at the end. Whether a piece is a repetition is seen at the end alone: that of a nested
 * object may begin as all before it does. So both are kept, and pieces that together are JSON are pieces.
 */
export class CallArguments {
  /** All pieces, one behind the other. */
  #pieces = "";
  /** What the arguments are if what looks like a repetition is one; null while nothing does, or something else followed. */
  #onceOnly: string | null = null;
  /** What the last repetition began with. */
  #repeated = "";
  /** Something whole came behind something whole, and was not the same. */
  #contradicted = false;
  #looks = 0;

  /** @param whole it came as a value, not as a text: it is all that the call has */
  add(piece: string, whole: boolean): void {
    if (piece === "") return;
    const before = this.#pieces;
    const isReplaced =
      (whole && !this.mayBeWhole) || (isPlaceholder(before) && piece.trimStart().startsWith("{"));
    this.#onceOnly = isReplaced || before === "" ? null : this.#withoutRepetition(piece);
    this.#pieces = isReplaced ? piece : before + piece;
  }

  get isEmpty(): boolean {
    return this.#pieces === "";
  }

  /** They are an object, however the pieces are taken: behind its end nothing can follow. */
  get isWhole(): boolean {
    return isObjectText(this.#pieces);
  }

  get mayBeWhole(): boolean {
    return this.isWhole || (this.#onceOnly !== null && isObjectText(this.#onceOnly));
  }

  /** Both are whole, and this is not a `{}` that a gateway put in front of them. */
  differFrom(argumentsText: string): boolean {
    const text = this.isWhole ? this.#pieces : (this.#onceOnly ?? this.#pieces);
    const areWhole = isObjectText(argumentsText) && this.mayBeWhole;
    return areWhole && !isPlaceholder(text) && !sameJson(text, argumentsText);
  }

  /** @returns what cannot be read beside it; null where all was */
  read(finish: string | null): { readonly text: string; readonly odd: string | null } {
    const [text, onceOnly] = [this.#pieces, this.#onceOnly];
    if ((onceOnly === null && !this.#contradicted) || parsed(text) !== undefined) return { text, odd: null };
    if (this.#contradicted) return { text, odd: text };
    // Arguments that end at the limit are cut: a nested object then looks as if it began again.
    if (onceOnly === null || endedAtLimit(finish)) return { text, odd: null };
    if (parsed(onceOnly) !== undefined) return { text: onceOnly, odd: null };
    return { text, odd: finish !== null && word.test(this.#repeated) ? text : null };
  }

  #withoutRepetition(piece: string): string | null {
    const [pieces, onceOnly] = [this.#pieces, this.#onceOnly];
    const repeated = [pieces, onceOnly].find(
      (before) => before !== null && piece.length >= before.length && piece.startsWith(before),
    );
    if (repeated != null) {
      this.#repeated = repeated;
      return piece;
    }
    if (piece.trim() === "") return onceOnly === null ? null : onceOnly + piece;
    if (!isObjectText(piece) || (this.#looks += 1) > looksMax || !this.mayBeWhole) return null;
    const before = onceOnly === null || this.isWhole ? pieces : onceOnly;
    if (sameJson(before, piece)) return before;
    this.#contradicted = true;
    return null;
  }
}

function isPlaceholder(argumentsText: string): boolean {
  return argumentsText.length < 8 && argumentsText.trim() === "{}";
}
