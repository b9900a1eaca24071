import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { sourceDifferences } from "../../../../openclaw-tau2/tau2/schemas/source-differences.ts";
import { readStringConstant } from "../../../../openclaw-tau2/tau2/schemas/string-constant.ts";
import { readToolSchemas, toolSourceHashes } from "../../../../openclaw-tau2/tau2/schemas/tool-schemas.ts";
import { VERIFIED_SOURCES } from "../../../../openclaw-tau2/tau2/schemas/verified-sources.ts";

const fixture = join(import.meta.dirname, "../../../fixtures/python-tools");
const checkout = process.env["TAU2_CHECKOUT"] ?? "";
const golden = join(process.env["TOLLGATE_SHARED"] ?? "../shared", "tau2/golden");
const hasCheckout = checkout !== "" && existsSync(golden);
const temporary: string[] = [];

afterAll(() => {
  for (const directory of temporary) rmSync(directory, { recursive: true });
});

/** The fixture's checkout with one text of the library's tools replaced. */
function changedFixture(from: string, to: string): string {
  const directory = mkdtempSync(join(tmpdir(), "tollgate-schemas-"));
  temporary.push(directory);
  cpSync(fixture, directory, { recursive: true });
  const file = join(directory, "src/tau2/domains/library/tools.py");
  const text = readFileSync(file, "utf8");
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
  return directory;
}

test("the schemas of a Python tool class are byte-equal to pydantic's", () => {
  const expected = readFileSync(join(fixture, "expected.jsonl"), "utf8");
  expect(`${JSON.stringify(readToolSchemas(fixture, "library"))}\n`).toBe(expected);
});

const refusals = [
  { from: "limit: int = 10", to: "limit: tuple[int] = 10", at: "21: tuple is a type" },
  { from: "limit: int = 10", to: "limit: int = compute()", at: "21: this call is no constant" },
  { from: "limit: int = 10", to: "limit: int = lambda: {1: 2}", at: "21: `lambda: {1: 2}` is no constant" },
  { from: "limit: int = 10", to: "*titles: str", at: "21: find_book takes any arguments" },
  { from: "limit: int = 10", to: "limit: Union[int, Missing]", at: "21: cannot resolve Missing" },
  { from: "@tool()", to: "@tool(ToolType.ODD)", at: "20: unknown tool type" },
  { from: "@tool()", to: "@tool()\n    @cached", at: "20: find_book has an unknown decorator" },
  { from: "Args:\n", to: ":param title: x\n", at: "21: the docstring is not in Google style" },
  { from: "limit: int = 10", to: "limit: int = (10", at: "21: this is not Python" },
  { from: "with open(title)", to: "with open(title", at: "39: this is not Python" },
];

test.each(refusals)("Python that is not understood is an error with its line: $at", ({ from, to, at }) => {
  const directory = changedFixture(from, to);
  const place = `${join(directory, "src/tau2/domains/library/tools.py")}:${at}`;
  expect(() => readToolSchemas(directory, "library")).toThrow(place);
});

test("a folder that is no checkout and a domain without tools are named", () => {
  expect(() => readToolSchemas("/nowhere", "library")).toThrow("/nowhere is no tau2-bench checkout");
  expect(() => readToolSchemas(fixture, "circus")).toThrow("has no tools for domain circus");
});

test("a method's hash covers its decorator and body and nothing else", () => {
  const before = toolSourceHashes(fixture, "library");
  expect([...before.keys()]).toEqual(
    ["__init__", "lend", "call_librarian", "note", "find_book", "helper"].map(
      (name) => `LibraryTools.${name}`,
    ),
  );
  const after = toolSourceHashes(changedFixture('return "ok"', 'return "OK"'), "library");
  const changed = [...before.keys()].filter((method) => before.get(method) !== after.get(method));
  expect(changed).toEqual(["LibraryTools.lend"]);
});

test("tool classes that were never verified are not compared", () => {
  expect(sourceDifferences(fixture, "library")).toEqual([]);
});

test("a text constant is found anywhere in a file, also in parts", () => {
  const directory = mkdtempSync(join(tmpdir(), "tollgate-constant-"));
  temporary.push(directory);
  const file = join(directory, "x.py");
  writeFileSync(
    file,
    'A = """\n a\\tb \n""".strip()\ndef f():\n    B = (1)\n    C = "x" \\\n        r"\\n"\nD = f"{A}"\n',
  );
  expect(readStringConstant(file, "A")).toBe("a\tb");
  expect(readStringConstant(file, "C")).toBe("x\\n");
  expect(() => readStringConstant(file, "B")).toThrow(`${file}:5: B is no plain text`);
  expect(() => readStringConstant(file, "D")).toThrow(`${file}:8: D is no plain text`);
  expect(() => readStringConstant(file, "E")).toThrow(`${file} assigns no text to E`);
  expect(() => readStringConstant(join(directory, "y.py"), "A")).toThrow("does not exist");
});

test.skipIf(!hasCheckout).each(["mock", "airline", "retail", "telecom"])(
  "the checkout's %s schemas are byte-equal to the golden ones",
  (domain) => {
    const expected = readFileSync(join(golden, `schemas_${domain}.json`), "utf8").trimEnd();
    expect(JSON.stringify(readToolSchemas(checkout, domain), null, 1)).toBe(expected);
  },
);

test.skipIf(!hasCheckout)("the table of verified sources is the checkout's", () => {
  const domains = ["mock", "airline", "retail", "telecom"];
  const hashes = domains.flatMap((domain) => [...toolSourceHashes(checkout, domain)]);
  expect(Object.fromEntries(hashes)).toEqual(VERIFIED_SOURCES);
  expect(domains.flatMap((domain) => sourceDifferences(checkout, domain))).toEqual([]);
});
