/**
 * Makes `tokenizer.json`: `node bench/simulator/model/train-tokenizer.ts FILE...` learns byte-level BPE merges from the
 * given texts (the committed file was learnt from corpus.md and the project's own sources). Run by hand; a new vocabulary
 * changes every token count, so the file is committed and not made at start.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { byteCharacters, toByteCharacters } from "./byte-alphabet.ts";

const mergeCount = 3600;

/** White space is spelt out, because `\s` means different characters in Oniguruma and in JavaScript. */
const space = String.raw`\x09-\x0d\x20`;
export const splitPattern = [
  String.raw`'(?:[sdmtSDMT]|[lL][lL]|[vV][eE]|[rR][eE])`,
  String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`,
  String.raw`\p{N}`,
  String.raw` ?[^${space}\p{L}\p{N}]+[\r\n]*`,
  String.raw`[${space}]*[\r\n]+`,
  String.raw`[${space}]+(?![^${space}])`,
  String.raw`[${space}]+`,
].join("|");

/** Content and whether decoding with `skip_special_tokens` leaves it out, as in the Qwen family. */
const addedTokens: readonly (readonly [string, boolean])[] = [
  ["<|endoftext|>", true],
  ["<|im_start|>", true],
  ["<|im_end|>", true],
  ["<tool_call>", false],
  ["</tool_call>", false],
  ["<tool_response>", false],
  ["</tool_response>", false],
  ["<think>", false],
  ["</think>", false],
];

interface Word {
  parts: string[];
  readonly count: number;
}

function countWords(texts: readonly string[]): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts)
    for (const [word] of text.matchAll(new RegExp(splitPattern, "gu")))
      counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => ({ parts: toByteCharacters(word).split(""), count }));
}

function mostFrequentPair(words: readonly Word[]): string | null {
  const counts = new Map<string, number>();
  for (const { parts, count } of words)
    for (let at = 0; at + 1 < parts.length; at++) {
      const pair = `${parts[at]} ${parts[at + 1]}`;
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  let best: string | null = null;
  let bestCount = 1;
  for (const [pair, count] of counts)
    if (count > bestCount || (count === bestCount && best !== null && pair < best)) {
      best = pair;
      bestCount = count;
    }
  return best;
}

function mergeParts(parts: readonly string[], left: string, right: string): string[] {
  const merged: string[] = [];
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at] ?? "";
    if (part === left && parts[at + 1] === right) {
      merged.push(left + right);
      at++;
    } else merged.push(part);
  }
  return merged;
}

function learnMerges(texts: readonly string[]): string[] {
  const words = countWords(texts);
  const merges: string[] = [];
  while (merges.length < mergeCount) {
    const pair = mostFrequentPair(words);
    if (pair === null) break;
    const [left = "", right = ""] = pair.split(" ");
    for (const word of words) if (word.parts.includes(left)) word.parts = mergeParts(word.parts, left, right);
    merges.push(pair);
  }
  return merges;
}

function tokenizerJson(merges: readonly string[]): unknown {
  const entries = [...byteCharacters, ...merges.map((pair) => pair.replace(" ", ""))];
  const vocab = Object.fromEntries([...new Set(entries)].map((token, id) => [token, id]));
  const firstAdded = Object.keys(vocab).length;
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: addedTokens.map(([content, special], index) => ({
      id: firstAdded + index,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: splitPattern }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges,
    },
  };
}

if (import.meta.main) {
  const texts = process.argv.slice(2).map((file) => readFileSync(file, "utf8"));
  const target = new URL("tokenizer.json", import.meta.url);
  writeFileSync(target, `${JSON.stringify(tokenizerJson(learnMerges(texts)), null, 1)}\n`);
}
