import { readFileSync } from "node:fs";
import { z } from "zod";
import { characterBytes, toByteCharacters } from "./byte-alphabet.ts";

const tokenizerFileSchema = z.object({
  added_tokens: z.array(z.object({ id: z.number().int(), content: z.string(), special: z.boolean() })),
  pre_tokenizer: z.object({
    pretokenizers: z.tuple([z.object({ pattern: z.object({ Regex: z.string() }) })], z.unknown()),
  }),
  model: z.object({ vocab: z.record(z.string(), z.number().int()), merges: z.array(z.string()) }),
});

/** Tokens kept in the caches of encoded segments; about 32 MB of ids. */
const segmentTokensMax = 8_000_000;
const cachedWordsMax = 200_000;

/**
 * The byte-level BPE of `tokenizer.json`, fast enough to encode a 20,000-token prompt many times a second: texts between
 * two added tokens (in a chat prompt: whole messages) are encoded once and remembered.
 *
 * A text that spells an added token becomes that token, also inside user content, as in Hugging Face tokenizers.
 * Lone surrogates become U+FFFD; everything else survives encode and decode unchanged.
 */
export class Tokenizer {
  readonly vocabSize: number;
  /** `model_max_length` of `tokenizer_config.json`. */
  readonly modelMaxLength = 131_072;
  readonly #vocab: ReadonlyMap<string, number>;
  readonly #ranks: ReadonlyMap<string, number>;
  readonly #added: ReadonlyMap<string, number>;
  readonly #addedPattern: RegExp;
  readonly #wordPattern: RegExp;
  readonly #bytes: readonly Uint8Array[];
  readonly #specialIds: ReadonlySet<number>;
  readonly #words = new Map<string, readonly number[]>();
  readonly #segments = new Map<string, Int32Array>();
  #segmentTokens = 0;

  /** @param json Content of the `tokenizer.json` beside this file; another vocabulary would change every token count. */
  constructor(json: string) {
    const file = tokenizerFileSchema.parse(JSON.parse(json));
    this.#vocab = new Map(Object.entries(file.model.vocab));
    this.#ranks = new Map(file.model.merges.map((pair, rank) => [pair, rank]));
    this.#added = new Map(file.added_tokens.map(({ content, id }) => [content, id]));
    const contents = file.added_tokens.map(({ content }) => content.replaceAll("|", "\\|"));
    this.#addedPattern = new RegExp(contents.join("|"), "gu");
    this.#wordPattern = new RegExp(file.pre_tokenizer.pretokenizers[0].pattern.Regex, "gu");
    this.#specialIds = new Set(file.added_tokens.filter(({ special }) => special).map(({ id }) => id));
    const bytes: Uint8Array[] = [];
    for (const [token, id] of this.#vocab)
      bytes[id] = Uint8Array.from(token, (character) => characterBytes.get(character) ?? 0);
    for (const { content, id } of file.added_tokens) bytes[id] = new TextEncoder().encode(content);
    this.#bytes = bytes;
    this.vocabSize = bytes.length;
  }

  /** Id of an added token. Throws when the vocabulary lacks it. */
  addedId(content: string): number {
    const id = this.#added.get(content);
    if (id === undefined) throw new Error(`tokenizer.json has no added token ${content}`);
    return id;
  }

  encode(text: string): Int32Array {
    const parts: Int32Array[] = [];
    let at = 0;
    for (const match of text.matchAll(this.#addedPattern)) {
      if (match.index > at) parts.push(this.#encodeSegment(text.slice(at, match.index)));
      parts.push(Int32Array.of(this.addedId(match[0])));
      at = match.index + match[0].length;
    }
    if (at < text.length) parts.push(this.#encodeSegment(text.slice(at)));
    return concatenate(parts);
  }

  /** Bytes of one token; empty for an id outside the vocabulary. */
  bytesOf(id: number): Uint8Array {
    return this.#bytes[id] ?? new Uint8Array(0);
  }

  isSpecial(id: number): boolean {
    return this.#specialIds.has(id);
  }

  decode(ids: Iterable<number>, options: { readonly skipSpecialTokens?: boolean } = {}): string {
    const parts: Uint8Array[] = [];
    for (const id of ids)
      if (options.skipSpecialTokens !== true || !this.#specialIds.has(id)) parts.push(this.bytesOf(id));
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.concat(parts));
  }

  #encodeSegment(text: string): Int32Array {
    const known = this.#segments.get(text);
    if (known !== undefined) {
      // Moved to the end: the map's order is the order of last use.
      this.#segments.delete(text);
      this.#segments.set(text, known);
      return known;
    }
    const ids: number[] = [];
    for (const [word] of text.matchAll(this.#wordPattern))
      for (const id of this.#encodeWord(word)) ids.push(id);
    const encoded = Int32Array.from(ids);
    this.#remember(text, encoded);
    return encoded;
  }

  #remember(text: string, encoded: Int32Array): void {
    this.#segments.set(text, encoded);
    this.#segmentTokens += encoded.length;
    for (const [oldest, ids] of this.#segments) {
      if (this.#segmentTokens <= segmentTokensMax) break;
      this.#segments.delete(oldest);
      this.#segmentTokens -= ids.length;
    }
  }

  #encodeWord(word: string): readonly number[] {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    const ids = this.#mergeWord(word).map((part) => this.#vocab.get(part) ?? 0);
    if (this.#words.size >= cachedWordsMax) this.#words.clear();
    this.#words.set(word, ids);
    return ids;
  }

  #mergeWord(word: string): string[] {
    const parts = toByteCharacters(word).split("");
    for (;;) {
      let best = -1;
      let bestRank = Number.POSITIVE_INFINITY;
      for (let at = 0; at + 1 < parts.length; at++) {
        const rank = this.#ranks.get(`${parts[at]} ${parts[at + 1]}`);
        if (rank !== undefined && rank < bestRank) {
          best = at;
          bestRank = rank;
        }
      }
      if (best < 0) return parts;
      parts.splice(best, 2, `${parts[best]}${parts[best + 1]}`);
    }
  }
}

function concatenate(parts: readonly Int32Array[]): Int32Array {
  const result = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/** The shipped tokenizer. */
export function loadTokenizer(): Tokenizer {
  return new Tokenizer(readFileSync(new URL("tokenizer.json", import.meta.url), "utf8"));
}
