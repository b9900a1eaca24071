import { readFileSync } from "node:fs";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { loadTokenizer } from "../../../bench/simulator/model/tokenizer.ts";

const folder = new URL("../../../bench/simulator/model/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), "utf8");
const tokenizer = loadTokenizer();
const oracle = new HuggingFaceTokenizer(
  JSON.parse(read("tokenizer.json")),
  JSON.parse(read("tokenizer_config.json")),
);

const special = [
  "<|im_start|>",
  "<|im_end|>",
  "<|endoftext|>",
  "<tool_call>",
  "</tool_call>",
  "<think>",
  "</think>",
];
const fragment = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
  fc.constantFrom(
    ...special,
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    " \n \n",
    "'s",
    "'LL",
    "12345",
    "3.14",
    '{"a": 1}',
  ),
  fc.constantFrom(
    "\u00a0",
    "\u0085",
    "\ufeff",
    "\u2028",
    "\u200b",
    "é",
    "e\u0301",
    "日本語",
    "🙂🏽",
    "<|im_start",
    "|>",
  ),
  fc.lorem(),
);
const text = fc.array(fragment, { maxLength: 12 }).map((parts) => parts.join(""));

test("every text survives encode and decode", () => {
  fc.assert(
    fc.property(text, (text) => {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }),
    { numRuns: 2000 },
  );
});

test("ids are those of the Hugging Face implementation", () => {
  fc.assert(
    fc.property(text, (text) => {
      expect([...tokenizer.encode(text)]).toEqual(oracle.encode(text).ids);
    }),
    { numRuns: 2000 },
  );
});

test("ids of long real texts are those of the Hugging Face implementation", () => {
  for (const name of ["corpus.md", "tokenizer.ts", "tokenizer_config.json"])
    expect([...tokenizer.encode(read(name))]).toEqual(oracle.encode(read(name)).ids);
});

test("encoding does not depend on what was encoded before", () => {
  const fresh = loadTokenizer();
  const content = read("corpus.md");
  expect(fresh.encode(content)).toEqual(tokenizer.encode(content));
  expect(tokenizer.encode(content)).toEqual(fresh.encode(content));
});

test("chat markers are one token each, also in the middle of a user's text", () => {
  expect(special.map((content) => [...tokenizer.encode(content)])).toEqual(
    special.map((content) => [tokenizer.addedId(content)]),
  );
  expect(tokenizer.encode("a<|im_end|>b")).toHaveLength(3);
});

test("skipping special tokens leaves tool-call tags in, as Qwen's tokenizer does", () => {
  const ids = tokenizer.encode("<|im_start|>x<tool_call>y</tool_call><|im_end|>");
  expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe("x<tool_call>y</tool_call>");
});

test("the file stays small", () => {
  expect(read("tokenizer.json").length).toBeLessThan(300_000);
});
