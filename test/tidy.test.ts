import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

/** What each part may import besides itself, in data-flow order. The one place where the layering is written down. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "bench/config": [],
  "bench/workload": ["bench/config"],
  "bench/measure": [],
  "bench/plan": ["bench/config", "bench/workload"],
  "bench/stack/docker/engine": [],
  "bench/stack/supervisor": ["bench/stack/docker/engine"],
  "bench/simulator": ["bench/config"],
  "bench/store": ["bench/config", "bench/plan", "bench/workload", "bench/measure"],
  "bench/tap": ["bench/workload", "bench/measure", "bench/store", "bench/stack/supervisor"],
  "bench/gateway": ["bench/config", "bench/workload", "bench/tap"],
  "bench/metrics": ["bench/measure", "bench/tap"],
  "bench/stack": [
    "bench/config",
    "bench/workload",
    "bench/measure",
    "bench/stack/docker/engine",
    "bench/stack/supervisor",
    "bench/tap",
    "bench/gateway",
    "bench/metrics",
  ],
  "bench/preflight": [
    "bench/config",
    "bench/workload",
    "bench/measure",
    "bench/store",
    "bench/metrics",
    "bench/tap",
    "bench/stack",
  ],
  "bench/load": ["bench/workload", "bench/measure", "bench/tap"],
  "bench/replay": [
    "bench/config",
    "bench/plan",
    "bench/workload",
    "bench/measure",
    "bench/store",
    "bench/tap",
    "bench/metrics",
    "bench/stack",
    "bench/load",
    "bench/report",
  ],
  "bench/selftest": [
    "bench/workload",
    "bench/measure",
    "bench/tap",
    "bench/metrics",
    "bench/load",
    "bench/replay",
    "bench/stack/supervisor",
    "bench/report",
  ],
  "bench/compare": ["bench/store", "bench/plan", "bench/measure", "bench/report"],
  "bench/report": [
    "bench/config",
    "bench/store",
    "bench/plan",
    "bench/workload",
    "bench/measure",
    "bench/metrics",
    "bench/tap",
  ],
  "bench/pack": ["bench/store", "bench/tap"],
  "bench/export": ["bench/workload", "bench/store", "bench/report"],
  "openclaw-tau2": ["bench/workload", "bench/measure", "bench/config", "bench/store"],
};
/** Files of `bench/` itself that belong to no part. `errors.ts` and `exit-codes.ts` may be imported by all. */
const FOR_ALL = ["bench/errors.ts", "bench/exit-codes.ts"];
const LINES_MAX = 400;
const ROOT_ALLOWED = new Set(
  (
    ".ci .gitignore .npmrc .oxlintrc.json .prettierignore .prettierrc.json ARCHITECTURE.md CHANGELOG.md LICENSE README.md " +
    "bench docker experiments openclaw-tau2 package-lock.json package.json scripts test tsconfig.json vitest.config.ts"
  ).split(" "),
);

const read = (pattern: string | string[]) =>
  globSync(pattern, { exclude: (name) => name === "node_modules" }).map((file) => ({
    file,
    text: readFileSync(file, "utf8"),
  }));
const product = read(["bench/**/*.ts", "openclaw-tau2/**/*.{ts,js}", "scripts/**/*.ts"]);
const tests = read("test/**/*.ts");
const partOf = (file: string) => Object.keys(MAY_IMPORT).find((part) => file.startsWith(`${part}/`));
const imports = product.flatMap(({ file, text }) =>
  [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) => ({
    from: file,
    to: normalize(join(dirname(file), match[1] ?? "")),
  })),
);
const filesWhere = (files: typeof product, broken: (text: string) => boolean) =>
  files.filter(({ text }) => broken(text)).map(({ file }) => file);
const withoutComments = (text: string) => text.replaceAll(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g, "");

test("the tree is being read", () => {
  expect(product.length).toBeGreaterThan(60);
  expect(imports.length).toBeGreaterThan(150);
  expect(tests.length).toBeGreaterThan(30);
});

/** The rule of the layer table, as a function, so that a planted fault can be shown to it. */
function forbidden(from: string, to: string): boolean {
  const [source, target] = [partOf(from), partOf(to)];
  if (!source || source === target || FOR_ALL.includes(to)) return false;
  return !target || !(MAY_IMPORT[source] ?? []).includes(target);
}

test("parts import only what their row allows", () => {
  expect(forbidden("bench/simulator/x.ts", "bench/metrics/y.ts")).toBe(true);
  expect(imports.filter(({ from, to }) => forbidden(from, to))).toEqual([]);
});

test("product code does not import tests", () => {
  expect(imports.filter(({ to }) => to.startsWith("test/"))).toEqual([]);
});

test("no product file is forgotten: something imports it, or it is an entry", () => {
  const imported = new Set(imports.map(({ to }) => to));
  const started = [...product, ...tests].flatMap(({ file, text }) =>
    [...text.matchAll(/new URL\(\s*"(\.[^"]+)"/g)].map((match) =>
      normalize(join(dirname(file), match[1] ?? "")),
    ),
  );
  const entry = /^(bench\/main\.ts|scripts\/[^/]+\.ts)$|program\.ts$|\/plugin\/|train-tokenizer\.ts$/;
  const used = (file: string) => imported.has(file) || started.includes(file);
  const files = product
    .map(({ file }) => file)
    .filter((file) => !entry.test(file) && !file.endsWith(".d.ts"));
  expect(files.filter((file) => !used(file))).toEqual([]);
});

test("no value import forms a cycle", () => {
  const graph = new Map<string, string[]>();
  for (const { file, text } of product) {
    const values = [...text.matchAll(/^(?:import|export) (?!type)[^;]*?from "(\.[^"]+)"/gms)];
    graph.set(
      file,
      values.map((match) => normalize(join(dirname(file), match[1] ?? ""))),
    );
  }
  expect(cyclesIn(graph)).toEqual([]);
});

function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    if (done.has(file) || path.includes(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

test("no file is a dump or a giant", () => {
  expect(filesWhere(product, (text) => text.split("\n").length > LINES_MAX)).toEqual([]);
  const dump = /(^|\/)(utils?|helpers?|common|misc|shared|types|index)(\.ts|\/)/;
  expect(
    product.map(({ file }) => file).filter((file) => dump.test(file) && !file.includes("/plugin/")),
  ).toEqual([]);
});

test("no catch block is silent", () => {
  const silent = /catch\s*(\(\w+\))?\s*\{\s*\}/;
  expect(filesWhere(product, (text) => silent.test(withoutComments(text)))).toEqual([]);
});

test("the environment is read at the entry points only", () => {
  const readers = filesWhere(product, (text) => /process\.env\b/.test(withoutComments(text)));
  expect(readers.filter((file) => !/(main|program|worker-entry)\.ts$|^scripts\//.test(file))).toEqual([]);
});

test("tests mock no modules and skip nothing without a condition", () => {
  const banned = new RegExp(["vi", String.raw`\.`, "mock"].join(""));
  expect(filesWhere(tests, (text) => banned.test(text))).toEqual([]);
  const unconditional = new RegExp(
    [String.raw`\b(?:it|test|describe)\.`, "(?:only|skip)", String.raw`\(`].join(""),
  );
  expect(filesWhere(tests, (text) => unconditional.test(text))).toEqual([]);
});

test("the root holds what a stranger expects and nothing else", () => {
  const ignored = new Set([".git", "node_modules", "runs", ".vitest"]);
  const names = globSync(["*", ".*"]).filter((name) => !ignored.has(name));
  expect(names.filter((name) => !ROOT_ALLOWED.has(name))).toEqual([]);
});
