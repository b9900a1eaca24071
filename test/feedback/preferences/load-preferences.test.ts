import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadPreferences } from "../../../bench/feedback/preferences/load-preferences.ts";
import { visibleText } from "../../../bench/feedback/text/visible-text.ts";
import { TemporaryFolder } from "../../e2e/tollgate-process.ts";

const context = { prompt: "", signal: new AbortController().signal };
const shippedNames = ["no_emoji", "concise", "identity"];

/** A preference file in the form of CLaaS. */
const claasForm = String.raw`
name: polite
feedback_string: "Say please"
verifier:
  _target_: claas.eval.metrics.verifiers.IdentityVerifier
logprob_pairs:
  - prompt_messages:
      - role: user
        content: "Pass the salt \U0001F60A"
    positive_response: >-
      Here you are.
      Anything else?
    negative_response: "No."
probe_prompts:
  - "One?"
  - "Two?"
`;

test("a shipped preference prefers by its own verifier what its pairs prefer", async () => {
  const preferences = loadPreferences({ names: shippedNames, files: [], environment: {} });
  expect(preferences.map(({ name }) => name)).toEqual(shippedNames);
  for (const { pairs, probes, verifier } of preferences) {
    expect(probes.length).toBeGreaterThanOrEqual(8);
    expect(pairs.length).toBeGreaterThan(0);
    for (const { preferred, dispreferred } of pairs) {
      expect(visibleText(preferred).text).toBe(preferred);
      expect(await verifier.verify(preferred, context)).toMatchObject({ passed: true });
      expect(await verifier.verify(dispreferred, context)).toMatchObject({ passed: false });
    }
  }
});

test("a file of CLaaS is read as it is", () => {
  using folder = new TemporaryFolder();
  const file = written(folder, "polite.yaml", claasForm);
  const [polite] = loadPreferences({ names: ["polite"], files: [file], environment: {} });
  expect(polite).toEqual({
    name: "polite",
    feedback: "Say please",
    verifier: {
      kind: "identity",
      rule: expect.any(String) as string,
      verify: expect.any(Function) as unknown,
    },
    pairs: [
      {
        prompt: [{ role: "user", content: "Pass the salt 😊" }],
        preferred: "Here you are. Anything else?",
        dispreferred: "No.",
      },
    ],
    probes: ["One?", "Two?"],
    hash: createHash("sha256").update(readFileSync(file)).digest("hex"),
    file,
  });
});

test.skipIf(process.env["CLAAS_CHECKOUT"] === undefined)("CLaaS' own preference files can be used", () => {
  const files = [join(process.env["CLAAS_CHECKOUT"] ?? "", "claas/eval/configs/preference")];
  const found = loadPreferences({ names: shippedNames, files, environment: {} });
  expect(found.map(({ verifier }) => verifier.kind)).toEqual(shippedNames);
  expect(found.every(({ file }) => file.startsWith(files[0] ?? "-"))).toBe(true);
});

test("the three ways to name a verifier are one, and a file without pairs has none", async () => {
  using folder = new TemporaryFolder();
  const form = (name: string, verifier: string) =>
    written(
      folder,
      `${name}.yaml`,
      `{name: ${name}, feedback_string: f, verifier: ${verifier}, probe_prompts: [p]}`,
    );
  const files = [
    form("a", "concise"),
    form("b", "{kind: concise}"),
    form("c", "{_target_: claas.eval.metrics.verifiers.ConciseVerifier}"),
  ];
  const found = loadPreferences({ names: ["c", "a", "b"], files, environment: {} });
  expect(found.map(({ name, verifier, pairs }) => [name, verifier.kind, pairs])).toEqual([
    ["c", "concise", []],
    ["a", "concise", []],
    ["b", "concise", []],
  ]);
});

test("a user's file takes the place of a shipped one, and a folder stands for its files", () => {
  using folder = new TemporaryFolder();
  mkdirSync(join(folder.path, "own"));
  const file = written(folder, "own/mine.yml", claasForm.replace("polite", "concise"));
  written(folder, "own/notes.txt", "no preference");
  const [found] = loadPreferences({ names: ["concise"], files: [join(folder.path, "own")], environment: {} });
  expect(found).toMatchObject({ feedback: "Say please", file });
});

test.each<[what: string, of: string, with_: string, says: string]>([
  ["no name", "name: polite\n", "", "name: is missing"],
  [
    "a name that is no folder's",
    "name: polite",
    "name: ../x",
    "name (line 2): must be letters, digits, - and _",
  ],
  [
    "a folder's name that is taken",
    "name: polite",
    "name: evidence",
    "is the name of another folder of a run",
  ],
  ["an unknown key", "probe_prompts", "probe_prompt", "unknown key. Did you mean probe_prompts?"],
  [
    "an unknown verifier",
    "_target_: claas.eval.metrics.verifiers.IdentityVerifier",
    "kind: concize",
    "Did you mean concise?",
  ],
  [
    "an unknown class",
    "verifiers.IdentityVerifier",
    "verifiers.ConcisVerifier",
    "it runs no code of a preference file",
  ],
  [
    "an unknown class near a known one",
    "verifiers.IdentityVerifier",
    "claas.eval.metrics.verifiers.ConcisVerifier",
    "Did you mean claas.eval.metrics.verifiers.ConciseVerifier?",
  ],
  [
    "a setting that a class does not have",
    "IdentityVerifier",
    "IdentityVerifier\n  nam: x",
    "verifier.nam (line 6): unknown key. Did you mean name?",
  ],
  [
    "a verifier that is a list",
    "verifier:\n  _target_: claas.eval.metrics.verifiers.IdentityVerifier",
    "verifier: [a]",
    "must be the name of a verifier",
  ],
  ["a role that is none", "role: user", "role: tool", "logprob_pairs.0.prompt_messages.0.role (line 8)"],
  ["two answers that are the same", '"No."', '"Here you are. Anything else?"', "the margin would be 0"],
  ["an empty answer", '"No."', '" "', "logprob_pairs.0.negative_response (line 13): must not be empty"],
  ["no prompts", 'probe_prompts:\n  - "One?"\n  - "Two?"', "probe_prompts: []", "must hold a prompt"],
  ["a prompt that is a number", '"Two?"', "42", "probe_prompts.1 (line 16)"],
  ["a blank feedback", '"Say please"', '"\u0085"', "feedback_string (line 3): must not be empty"],
  ["a key twice", "name: polite", "name: polite\nname: rude", "is not valid YAML: Map keys must be unique"],
  ["no mapping", claasForm, "- polite", "must hold a mapping"],
  ["nothing", claasForm, "", "must hold a mapping"],
  ["a tab", "name: polite", "\tname: polite", "is not valid YAML"],
  ["aliases without end", claasForm, bomb(), "cannot be read"],
  [
    "a length of nothing",
    "_target_: claas.eval.metrics.verifiers.IdentityVerifier",
    "{kind: length, unit: words}",
    "is asked for",
  ],
  [
    "a length that nothing has",
    "_target_: claas.eval.metrics.verifiers.IdentityVerifier",
    "{kind: length, unit: words, min: 3, max: 2}",
    "no answer could pass",
  ],
  [
    "a pattern that is none",
    "_target_: claas.eval.metrics.verifiers.IdentityVerifier",
    "{kind: regex, pattern: '('}",
    "is no regular expression of JavaScript",
  ],
  [
    "a flag that is none",
    "_target_: claas.eval.metrics.verifiers.IdentityVerifier",
    "{kind: regex, pattern: a, flags: g}",
    "may hold i",
  ],
  [
    "contains of nothing",
    "_target_: claas.eval.metrics.verifiers.IdentityVerifier",
    "{kind: contains}",
    "is asked for",
  ],
  [
    "a schema with a typo",
    "_target_: claas.eval.metrics.verifiers.IdentityVerifier",
    "{kind: json_schema, schema: {typ: object}}",
    'unknown keyword: "typ"',
  ],
  [
    "a schema of elsewhere",
    "_target_: claas.eval.metrics.verifiers.IdentityVerifier",
    "{kind: json_schema, schema: {$ref: 'http://x/y'}}",
    "can't resolve reference",
  ],
  [
    "a schema that answers later",
    "_target_: claas.eval.metrics.verifiers.IdentityVerifier",
    "{kind: json_schema, schema: {$async: true, type: object}}",
    "$async",
  ],
  [
    "a class of the same name that is another's",
    "claas.eval.metrics.verifiers.IdentityVerifier",
    "mine.IdentityVerifier",
    "Did you mean claas.eval.metrics.verifiers.IdentityVerifier?",
  ],
])("%s is refused with the file", (...[, of, instead, says]) => {
  using folder = new TemporaryFolder();
  expect(claasForm).toContain(of);
  const file = written(
    folder,
    "polite.yaml",
    claasForm.replace(of, () => instead),
  );
  const load = () => loadPreferences({ names: ["polite"], files: [file], environment: {} });
  expect(load).toThrow(says);
  expect(load).toThrow(file);
});

test("a file that is no UTF-8 is refused: other words than its own would be learned", () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, "latin.yaml");
  writeFileSync(file, Buffer.from(claasForm.replace("Say please", "Sag bitte schön"), "latin1"));
  expect(() => loadPreferences({ names: ["polite"], files: [file], environment: {} })).toThrow(
    `${file} cannot be read: it is no UTF-8`,
  );
});

test("merged mappings are read as PyYAML reads them", () => {
  using folder = new TemporaryFolder();
  const text = claasForm
    .replace("prompt_messages:", "prompt_messages: &ask")
    .replace(
      "probe_prompts:",
      "  - <<: {positive_response: a}\n    prompt_messages: *ask\n    negative_response: b\nprobe_prompts:",
    );
  const [polite] = loadPreferences({
    names: ["polite"],
    files: [written(folder, "p.yaml", text)],
    environment: {},
  });
  expect(polite?.pairs[1]).toMatchObject({ preferred: "a", dispreferred: "b" });
});

function bomb(): string {
  const rows = Array.from(
    { length: 12 },
    (_, at) => `a${at + 1}: &a${at + 1} [${"*a0,".repeat(10).replaceAll("a0", `a${at}`)}]`,
  );
  return `a0: &a0 [x]\n${rows.join("\n")}\n`;
}

test.each<[names: string[], says: string]>([
  [
    ["consise"],
    'no preference has the name "consise"; known: concise, identity, no_emoji. Did you mean concise?',
  ],
  [["concise", "concise"], "concise is named twice"],
  [[], "none is named"],
  [["constructor"], 'no preference has the name "constructor"'],
])("the names %j are refused", (names, says) => {
  expect(() => loadPreferences({ names, files: [], environment: {} })).toThrow(says);
});

test("files that cannot be read, and two of one name, are refused", () => {
  using folder = new TemporaryFolder();
  const load =
    (...files: string[]) =>
    () =>
      loadPreferences({ names: ["concise"], files, environment: {} });
  expect(load(join(folder.path, "none.yaml"))).toThrow("none.yaml cannot be read");
  expect(load(folder.path)).toThrow("holds no file that ends in .yaml or .yml");
  execFileSync("mkfifo", [join(folder.path, "pipe.yaml")]);
  expect(load(folder.path)).toThrow("pipe.yaml cannot be read: it is no file");
  const [one, other] = [
    written(folder, "one.yaml", claasForm),
    written(folder, "two.yaml", claasForm.replace("polite", "Polite")),
  ];
  expect(load(one, other)).toThrow(`Two preference files have the name Polite: ${one} and ${other}`);
  expect(load(one, one)).not.toThrow();
});

function written(folder: TemporaryFolder, name: string, text: string): string {
  const file = join(folder.path, name);
  writeFileSync(file, text);
  return file;
}
