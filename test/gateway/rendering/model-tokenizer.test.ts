import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { loadPromptModel } from "../../../bench/gateway/rendering/model-folder.ts";
import { ModelTokenizer } from "../../../bench/gateway/rendering/model-tokenizer.ts";

const file = "bench/simulator/model/tokenizer.json";
const json = JSON.parse(readFileSync(file, "utf8")) as object;
const config = JSON.parse(readFileSync("bench/simulator/model/tokenizer_config.json", "utf8")) as object;
const { tokenizer } = loadPromptModel("bench/simulator/model");
const library = new Tokenizer(json, config);

const text = fc.oneof(
  fc.lorem({ maxCount: 30, mode: "sentences" }),
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ unit: "grapheme", maxLength: 80 }),
  fc
    .array(
      fc.constantFrom(
        "<|im_start|>",
        "<|im_end|>",
        "<tool_call>",
        "<tool_",
        "|>",
        "\n\n",
        "  ",
        "\t",
        "\r\n",
        " 12345",
        "é",
        "é",
        "東京",
        "👩‍👩‍👧",
        "'LL",
        "\u00A0",
        "\u2028",
        "Ωmega",
        "don't",
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join("")),
);
const encode = (input: string) =>
  input === "" ? [] : library.encode(input, { add_special_tokens: false }).ids;

test("in pieces and from its caches it gives the ids that the library gives for the whole", () => {
  fc.assert(
    fc.property(text, (input) => {
      const whole = encode(input);
      expect([...tokenizer.encode(input)]).toEqual(whole);
      expect([...tokenizer.encode(input)]).toEqual(whole);
    }),
    { seed: 7, numRuns: 1_000 },
  );
});

test("with a normaliser, and with added tokens that touch the text around them, too", () => {
  const changed = (change: (fields: Record<string, unknown>) => object) =>
    change(structuredClone(json) as Record<string, unknown>);
  const variants = [
    changed((fields) => ({ ...fields, normalizer: { type: "NFC" } })),
    changed((fields) => ({
      ...fields,
      added_tokens: (fields["added_tokens"] as object[]).map((token) => ({ ...token, rstrip: true })),
    })),
  ];
  for (const variant of variants) {
    const ours = new ModelTokenizer(variant, config);
    const theirs = new Tokenizer(variant, config);
    fc.assert(
      fc.property(text, (input) => {
        const whole = input === "" ? [] : theirs.encode(input, { add_special_tokens: false }).ids;
        expect([...ours.encode(input)]).toEqual(whole);
      }),
      { seed: 8, numRuns: 200 },
    );
  }
});

const python = process.env["TOLLGATE_TOKENIZERS_PYTHON"];
const script = `
import json, sys
from tokenizers import Tokenizer
tokenizer = Tokenizer.from_file(sys.argv[1])
texts = json.load(sys.stdin)
json.dump([tokenizer.encode(text, add_special_tokens=False).ids for text in texts], sys.stdout)
`;

/** Set the variable to a Python that has the package \`tokenizers\`. */
test.skipIf(python === undefined)("Python's tokenizers gives the same ids", () => {
  const texts = fc.sample(text, { seed: 9, numRuns: 3_000 });
  const { stdout, stderr } = spawnSync(python ?? "", ["-c", script, file], {
    input: JSON.stringify(texts),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  expect(stderr).toBe("");
  expect(texts.map((input) => [...tokenizer.encode(input)])).toEqual(JSON.parse(stdout));
});
