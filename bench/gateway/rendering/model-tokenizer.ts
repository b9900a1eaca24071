import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { detachedText } from "./detached-text.ts";

const addedTokenSchema = z.object({
  id: z.int(),
  content: z.string().min(1),
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  normalized: z.boolean().default(true),
});
const byteLevel = z.object({
  type: z.literal("ByteLevel"),
  add_prefix_space: z.literal(false),
  use_regex: z.literal(false),
});
const split = z.object({
  type: z.literal("Split"),
  pattern: z.object({ Regex: z.string() }),
  behavior: z.literal("Isolated"),
  invert: z.literal(false),
});
/** The family of Qwen, Llama 3 and GLM: words by one expression, then byte-level BPE. Each word stands for itself there. */
const wordwiseSchema = z.object({
  normalizer: z.object({ type: z.literal("NFC") }).nullish(),
  pre_tokenizer: z.object({ type: z.literal("Sequence"), pretokenizers: z.tuple([split, byteLevel]) }),
  model: z.object({ type: z.literal("BPE") }),
});

const cachedTokensMax = 8_000_000;
const cachedWordsMax = 200_000;

/**
 * A model's tokenizer, fast enough for prompts that grow by a message at a time: the texts between two added tokens (whole
 * messages in a chat prompt) are encoded once and remembered, and so are words. Which ids come out is the library's
 * decision in every case.
 */
export class ModelTokenizer {
  readonly #tokenizer: Tokenizer;
  readonly #added: ReadonlyMap<string, number>;
  /** null where added tokens touch the text around them: then nothing can be encoded in pieces. */
  readonly #addedPattern: RegExp | null;
  readonly #words: { readonly pattern: RegExp; readonly nfc: boolean } | null;
  readonly #wordIds = new Map<string, readonly number[]>();
  readonly #segments = new Map<string, Int32Array>();
  #cachedTokens = 0;

  /**
   * @param file content of a tokenizer.json
   * @param config content of a tokenizer_config.json
   * @throws when they are not such files
   */
  constructor(file: object, config: object) {
    this.#tokenizer = new Tokenizer(file, config);
    const { added_tokens: added } = z.object({ added_tokens: z.array(addedTokenSchema) }).parse(file);
    this.#added = new Map(added.map(({ content, id }) => [content, id]));
    const isPlain = added.every((one) => !one.single_word && !one.lstrip && !one.rstrip && !one.normalized);
    const contents = added.map(({ content }) => content).toSorted((a, b) => b.length - a.length);
    this.#addedPattern =
      isPlain && contents.length > 0 ? new RegExp(contents.map(escaped).join("|"), "gu") : null;
    const wordwise = isPlain ? wordwiseSchema.safeParse(file).data : undefined;
    this.#words = wordwise
      ? {
          pattern: new RegExp(wordwise.pre_tokenizer.pretokenizers[0].pattern.Regex, "gu"),
          nfc: wordwise.normalizer != null,
        }
      : null;
  }

  /** null for a token that the vocabulary lacks. */
  addedId(content: string): number | null {
    return this.#added.get(content) ?? null;
  }

  /** Text of a token that was added to the vocabulary, e.g. `<|im_end|>`; null for every other id. */
  addedText(id: number): string | null {
    for (const [content, added] of this.#added) if (added === id) return content;
    return null;
  }

  /** Text to ids, without tokens that the text does not spell. */
  encode(text: string): Int32Array {
    if (this.#addedPattern === null) return this.#encodeWhole(text);
    const parts: Int32Array[] = [];
    let at = 0;
    for (const match of text.matchAll(this.#addedPattern)) {
      if (match.index > at) parts.push(this.#encodeSegment(text.slice(at, match.index)));
      parts.push(Int32Array.of(this.#added.get(match[0]) ?? 0));
      at = match.index + match[0].length;
    }
    if (at < text.length) parts.push(this.#encodeSegment(text.slice(at)));
    return concatIds(parts);
  }

  /** Ids to text, added tokens included. */
  decode(ids: Int32Array): string {
    return ids.length === 0 ? "" : this.#tokenizer.decode([...ids], { skip_special_tokens: false });
  }

  #encodeWhole(text: string): Int32Array {
    return text === ""
      ? new Int32Array()
      : this.#ids(this.#tokenizer.encode(text, { add_special_tokens: false }).ids);
  }

  #ids(ids: readonly number[]): Int32Array {
    return Int32Array.from(ids);
  }

  #encodeSegment(text: string): Int32Array {
    const known = this.#segments.get(text);
    if (known !== undefined) {
      // Moved to the end: the map's order is the order of last use.
      this.#segments.delete(text);
      this.#segments.set(text, known);
      return known;
    }
    const ids = this.#words === null ? this.#encodeWhole(text) : this.#encodeWords(text, this.#words);
    this.#segments.set(detachedText(text), ids);
    this.#cachedTokens += ids.length;
    for (const [oldest, old] of this.#segments) {
      if (this.#cachedTokens <= cachedTokensMax) break;
      this.#segments.delete(oldest);
      this.#cachedTokens -= old.length;
    }
    return ids;
  }

  #encodeWords(text: string, words: { readonly pattern: RegExp; readonly nfc: boolean }): Int32Array {
    const ids: number[] = [];
    let at = 0;
    // A lone surrogate has no bytes of its own; encoders write U+FFFD for it.
    const normal = (words.nfc ? text.normalize("NFC") : text).toWellFormed();
    for (const match of normal.matchAll(words.pattern)) {
      if (match.index > at) ids.push(...this.#encodeWord(normal.slice(at, match.index)));
      ids.push(...this.#encodeWord(match[0]));
      at = match.index + match[0].length;
    }
    if (at < normal.length) ids.push(...this.#encodeWord(normal.slice(at)));
    return Int32Array.from(ids);
  }

  #encodeWord(word: string): readonly number[] {
    const known = this.#wordIds.get(word);
    if (known !== undefined) return known;
    const tokens: readonly string[] = this.#tokenizer.model?._call([byteCharacters(word)]) ?? [];
    const ids = tokens.map((token) => this.#tokenizer.token_to_id(token) ?? 0);
    if (this.#wordIds.size >= cachedWordsMax) this.#wordIds.clear();
    this.#wordIds.set(detachedText(word), ids);
    return ids;
  }
}

const escaped = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);

export function concatIds(parts: readonly Int32Array[]): Int32Array {
  const whole = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** GPT-2's alphabet: printable Latin-1 bytes stand for themselves, the others are counted up from U+0100. */
const alphabet = (() => {
  let next = 0x100;
  const printable = (byte: number) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
})();

function byteCharacters(word: string): string {
  let characters = "";
  for (const byte of Buffer.from(word)) characters += alphabet[byte] ?? "";
  return characters;
}
