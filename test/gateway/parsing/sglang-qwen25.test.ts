import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { OutputParser } from "../../../bench/gateway/parsing/output-piece.ts";
import { SglangQwen25Parser } from "../../../bench/gateway/parsing/sglang-qwen25-parser.ts";
import { SglangQwen25Whole } from "../../../bench/gateway/parsing/sglang-qwen25-whole.ts";

interface Case {
  readonly pieces: readonly string[];
  readonly streamed: Read;
  readonly whole: { readonly content: string; readonly calls: readonly unknown[] };
}
interface Read {
  readonly content: string;
  /** Index, name, arguments. */
  readonly calls: readonly (readonly [number, string | null, string])[];
}

const tools = ["renew_loan", "find", "note"].map((name) => ({ type: "function", function: { name } }));

function read(parser: OutputParser, pieces: readonly string[]): Read {
  let content = "";
  const calls = new Map<number, [string | null, string]>();
  for (const piece of [...pieces.flatMap((text) => parser.feed(text)), ...parser.end()]) {
    if (piece.kind === "content" || piece.kind === "reasoning") content += piece.text;
    else {
      const call = calls.get(piece.index) ?? [null, ""];
      calls.set(piece.index, call);
      if (piece.kind === "call") call[0] ??= piece.name;
      else call[1] += piece.text;
    }
  }
  const inOrder = [...calls].toSorted(([a], [b]) => a - b);
  return { content, calls: inOrder.map(([index, [name, text]]) => [index, name, text] as const) };
}

// What the parsers of the installed versions made of these texts (scripts/real-engines/tool_parser_cases.py; all of 20,000 agree).
const versions = ["sglang-0.5.10", "sglang-0.5.23"] as const;
const cases = versions.flatMap((version) =>
  readFileSync(join(import.meta.dirname, `${version.replace("sglang", "sglang-calls")}.jsonl`), "utf8")
    .trim()
    .split("\n")
    .map((line) => [version, JSON.parse(line) as Case] as const),
);

test.each(cases)("as %s: $pieces", (version, { pieces, streamed, whole }) => {
  expect(read(new SglangQwen25Parser(tools, version), pieces)).toEqual(streamed);
  const { content, calls } = read(new SglangQwen25Whole(tools, version), pieces);
  expect({ content, calls: calls.map(([, name, text]) => [name, text]) }).toEqual(whole);
});

test("a key in the wrong place is repaired in a stream and dropped in a whole answer", () => {
  const text = '<tool_call>\n{"name": "find", "arguments": {"first_name": "last_name": "x"}}\n</tool_call>';
  const pieces = [...text.matchAll(/<\/?tool_call>|\w+|\W/g)].map(([piece]) => piece);
  expect(read(new SglangQwen25Parser(tools, "sglang-0.5.23"), pieces).calls).toEqual([
    [0, "find", '{"first_name": "last_name"}'],
  ]);
  expect(read(new SglangQwen25Whole(tools, "sglang-0.5.23"), pieces).calls).toEqual([]);
});

test("Python's numbers, words and characters come out as Python writes them", () => {
  const text = `<tool_call>\n{"name":"note","arguments":{"2":1.50,"1":1e16,"n":NaN,"u":"é\\u00e9\\ud83d\\ude00","z":-0.0}}\n</tool_call>`;
  const expected = '{"2": 1.5, "1": 1e+16, "n": NaN, "u": "éé😀", "z": -0.0}';
  expect(read(new SglangQwen25Whole(tools, "sglang-0.5.23"), [text]).calls).toEqual([[0, "note", expected]]);
});
