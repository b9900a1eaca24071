import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readCases } from "../../../suites/tool-use/cases/read-cases.ts";
import { stateFaults } from "../../../suites/tool-use/scoring/state-faults.ts";
import { definitionsOf } from "../../../suites/tool-use/tools/definitions.ts";
import { Folder } from "../tasks/temporary-folder.ts";

const one = {
  test_id: "t1",
  prompt: "Read a.txt.",
  expected_tool: "read_file",
  expected_params: { path: "a.txt" },
};
const line = JSON.stringify(one);
const read = (content: string | Uint8Array, name = "cases.jsonl") => {
  using folder = new Folder();
  const file = join(folder.path, name);
  writeFileSync(file, content);
  return readCases(file);
};

test("a case needs no more than the plan's fields, and is read alike from each form of file", () => {
  const whole = { ...one, difficulty: "hard", category: "files" };
  const forms = [
    read(`${JSON.stringify(whole)}\n`),
    read(`\uFEFF\r\n${JSON.stringify(whole)}\r\n\r\n`),
    read(JSON.stringify([whole]), "cases.json"),
    read(JSON.stringify({ cases: [whole] }, null, 2), "cases.json"),
    read(JSON.stringify(whole), "cases.ndjson"),
  ];
  for (const { cases, tools } of forms) {
    expect(tools).toEqual([]);
    expect(cases).toMatchObject([
      {
        id: "t1",
        category: "files",
        difficulty: "hard",
        expected: [{ tool: "read_file", params: { path: "a.txt" }, fails: false }],
        state: null,
        answer: null,
      },
    ]);
  }
  expect(read(line).cases[0]).toMatchObject({ category: "uncategorized", difficulty: "unrated" });
  expect(read('{"test_id": 7, "prompt": "Say hi.", "expected_tool": null}').cases[0]).toMatchObject({
    id: "7",
    expected: [],
  });
});

test("tools of a file's own come with it", () => {
  const tools = [{ name: "dice", description: "Rolls", parameters: { type: "object" }, run: "echo 4" }];
  expect(read(`${JSON.stringify({ tools })}\n${line}\n`).tools).toEqual(tools);
  expect(read(JSON.stringify({ tools, cases: [one] }), "cases.json").tools).toEqual(tools);
});

test("one list of the shop may be given without the other", () => {
  const service = { orders: [{ id: "A-1" }] };
  expect(read(JSON.stringify({ ...one, service })).cases[0]?.setup.service).toEqual(service);
});

test("a number of a case is the one that was written", () => {
  const text =
    '{"test_id": "n", "prompt": "p", "expected_tool": "t", "expected_params": {"id": 9007199254740993}}';
  expect(read(text).cases[0]?.expected[0]?.params).toEqual({ id: 9007199254740993n });
});

test("a number that no double holds can be shown, and a tool's schema may have one", () => {
  const tools =
    '{"tools": [{"name": "dice", "run": "true", "parameters": {"maximum": 9223372036854775807}}]}';
  const where = '{"list": "orders", "where": {"id": 9007199254740993}}';
  const text = `{"test_id": "n", "prompt": "p", "expected_tool": null, "checks": {"service": [${where}]}}`;
  const { cases, tools: declared } = read(`${tools}\n${text}`);
  expect(JSON.stringify(definitionsOf(declared))).toContain('"maximum":9223372036854776000');
  const nothing = { files: new Map<string, string>(), processes: [], service: {} };
  const faults = cases.flatMap((task) => stateFaults(task, nothing));
  expect(faults).toEqual(['orders has 0 with {"id":9007199254740993}, not 1']);
});

const torn = line.slice(0, 40);
const faults: readonly (readonly [
  title: string,
  content: string | Uint8Array,
  why: RegExp,
  name?: string,
])[] = [
  ["empty", "", /holds no case/],
  ["blank", "\n \n", /holds no case/],
  ["an empty list", "[]", /holds no case/, "cases.json"],
  ["torn in its last line", `${line}\n${torn}`, /line 2 is no JSON.*was the file cut off/s],
  ["torn in the middle", `${torn}\n${line}\n`, /line 1 is no JSON/],
  ["a list in a file of lines", `[\n${line}\n]`, /line 1 is no JSON/],
  ["lines in a file of one document", `${line}\n${line}`, /is no JSON.*\.jsonl/s, "cases.json"],
  ["another document", '{"questions": []}', /neither a list of cases/, "cases.json"],
  ["a document with a key more", '{"cases": [], "case": []}', /has case; known are/, "cases.json"],
  ["no UTF-8", Buffer.from(line.replace("Read", "L\xE9"), "latin1"), /is not UTF-8.*iconv/],
  ["UTF-16", Buffer.from(line, "utf16le"), /JSON/],
  ["two cases of one id", `${line}\n${line}\n`, /has test_id t1 twice/],
  ["a case without a prompt", '{"test_id": "a", "expected_tool": "x"}', /line 1 \(a\):.*prompt/s],
  ["a blank prompt", JSON.stringify({ ...one, prompt: " " }), /asks for nothing/],
  ["a case without an id", '{"prompt": "a", "expected_tool": "x"}', /test_id/],
  ["a case without a tool", '{"test_id": "a", "prompt": "p"}', /names no expected_tool/],
  ["a key that nobody knows", JSON.stringify({ ...one, expected_parms: {} }), /expected_parms/],
  ["parameters that are no object", JSON.stringify({ ...one, expected_params: [1] }), /write an object/],
  ["parameters for no tool", JSON.stringify({ ...one, expected_tool: null }), /no tool that they are for/],
  ["calls beside a tool", JSON.stringify({ ...one, expected_calls: [{ tool: "a" }] }), /write one of them/],
  [
    "a matcher of no kind",
    JSON.stringify({ ...one, expected_params: { path: { $fuzzy: 1 } } }),
    /\$fuzzy is no matcher/,
  ],
  ["a file outside", JSON.stringify({ ...one, files: { "../a": "x" } }), /below the working folder/],
  ["an absolute file", JSON.stringify({ ...one, files: { "/etc/a": "x" } }), /below the working folder/],
  [
    "a file that is written otherwise",
    JSON.stringify({ ...one, files: { "./a": "x" } }),
    /below the working folder/,
  ],
  [
    "a file in a file",
    JSON.stringify({ ...one, files: { a: "x", "a/b": "y" } }),
    /a is a file, and another one lies in it/,
  ],
  [
    "a process that nobody starts",
    JSON.stringify({ ...one, checks: { processes: { p: false } } }),
    /which processes does not start/,
  ],
  [
    "a list that the shop has not",
    JSON.stringify({ ...one, checks: { service: [{ list: "order" }] } }),
    /orders/,
  ],
  ["a list for a case", "[1]", /line 1/],
  ["a text for a case", '"a"', /line 1/],
  [
    "two tools of one name",
    `${JSON.stringify({
      tools: [
        { name: "a", run: "b" },
        { name: "a", run: "c" },
      ],
    })}\n${line}`,
    /tool a twice/,
  ],
  ["a tool without a command", `${JSON.stringify({ tools: [{ name: "a" }] })}\n${line}`, /run/],
];

test.for(faults)("a file that is or holds %s is refused by name", ([, content, why, name]) => {
  expect(() => read(content, name)).toThrow(why);
  expect(() => read(content, name)).toThrow(/cases\.jsonl?/);
});

test("a file that is not there, or is a folder, is named", () => {
  using folder = new Folder();
  expect(() => readCases(join(folder.path, "none.jsonl"))).toThrow(/none\.jsonl cannot be read/);
  expect(() => readCases(folder.path)).toThrow(/cannot be read/);
});

test("a huge line is read whole", () => {
  const long = { ...one, prompt: "x".repeat(5_000_000) };
  expect(read(JSON.stringify(long)).cases[0]?.prompt).toHaveLength(5_000_000);
});
