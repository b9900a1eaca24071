import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

/**
 * What each folder may import besides itself and what lies under it, in data-flow order. The one place where the layering
 * is written down. A file belongs to the longest folder that names it; a file without a row fails.
 */
const MAY_IMPORT: Readonly<Record<string, string>> = {
  // Pure things that know nothing of Tollgate.
  "bench/statistics": "",
  "bench/host": "",
  "bench/measure": "",
  "bench/tokens": "",
  "bench/answer": "",
  "bench/config": "host",
  "bench/docker": "host",
  "bench/judge": "answer host measure",
  "bench/sandbox": "config docker host measure",
  "bench/supervisor": "measure docker host",
  // Contracts and the run directory.
  "bench/transcript": "answer",
  "bench/workload": "answer config agent host transcript",
  "bench/plan": "config workload",
  "bench/store": "config plan workload host measure statistics transcript",
  // The system under test and what stands in its path.
  "bench/simulator/settings": "config",
  "bench/simulator/model": "",
  "bench/simulator/scheduling": "",
  "bench/simulator/policy": "simulator/model simulator/settings",
  "bench/simulator/exposition": "simulator/model simulator/scheduling simulator/settings",
  "bench/simulator/engine":
    "simulator/exposition simulator/model simulator/policy simulator/scheduling simulator/settings",
  "bench/simulator/api":
    "simulator/engine simulator/model simulator/policy simulator/scheduling simulator/settings",
  "bench/simulator/sglang": "simulator simulator/settings",
  "bench/simulator/trainer": "host simulator/exposition simulator/model simulator/settings",
  "bench/simulator":
    "config host simulator/api simulator/engine simulator/policy simulator/settings simulator/trainer",
  "bench/wire": "host",
  "bench/tap": "answer host wire workload measure store supervisor",
  "bench/gateway/http": "",
  "bench/gateway/rendering": "",
  "bench/gateway/parsing": "config gateway/rendering",
  "bench/gateway/engine": "host wire workload gateway/parsing",
  "bench/gateway/sessions": "config workload tap gateway/http gateway/rendering",
  "bench/gateway/trajectories":
    "answer config tokens workload gateway/engine gateway/http gateway/rendering gateway/sessions",
  "bench/gateway/learning": "answer host gateway/engine gateway/parsing gateway/rendering gateway/sessions",
  "bench/gateway/calls":
    "answer config wire workload tap gateway/engine gateway/http gateway/learning gateway/parsing gateway/rendering gateway/sessions gateway/trajectories",
  "bench/gateway":
    "config host tap gateway/calls gateway/engine gateway/http gateway/sessions gateway/trajectories",
  "bench/metrics": "host measure statistics tap",
  "bench/stack": "config workload host measure docker supervisor wire tap gateway/trajectories metrics",
  "bench/load": "answer wire workload measure statistics tap",
  "bench/preflight": "answer config fidelity host workload measure store metrics tap stack",
  // From a run directory to facts, from facts to findings, from findings to pages.
  "bench/evidence": "host workload store tap metrics load statistics",
  "bench/fidelity": "answer config host workload store tap evidence",
  "bench/analysis": "answer config fidelity transcript workload store tap metrics load statistics evidence",
  "bench/report": "answer config transcript workload store statistics evidence analysis",
  // The figures of a report again, by code that knows nothing of the report's.
  "bench/verify/numbers": "",
  "bench/verify": "store verify/numbers",
  "bench/view/episode":
    "answer config host workload statistics store tap metrics evidence fidelity analysis report view",
  "bench/view": "host workload statistics store analysis report view/episode feedback/files feedback/report",
  "bench/export": "answer workload store report tokens gateway/parsing gateway/rendering",
  "bench/export/benchmarks": "answer workload store analysis report export",
  "bench/pack": "host store tap",
  "bench/export/rows": "workload store load evidence analysis report export",
  "bench/merge": "evidence plan store",
  "bench/otlp": "host measure store load evidence",
  "bench/sink/otlp": "config otlp sink",
  "bench/mlflow/client": "config host measure",
  "bench/mlflow/entries": "store evidence analysis report feedback/files feedback/report mlflow/client",
  "bench/mlflow": "host measure store otlp export/rows mlflow/client mlflow/entries",
  "bench/sink/mlflow": "config host mlflow mlflow/client mlflow/entries sink",
  "bench/sink": "config store",
  // What happens in a run.
  "bench/run":
    "config plan transcript workload host measure statistics store tap metrics stack supervisor preflight load evidence fidelity analysis sink",
  "bench/capacity": "config plan store analysis run",
  "bench/tax": "answer config host measure statistics store load stack evidence fidelity analysis report run",
  "bench/selftest": "workload measure statistics tap metrics load run supervisor evidence analysis report",
  // The preference loop: what is learned from feedback, and what serving costs meanwhile.
  "bench/feedback/trainer": "answer host measure feedback/files",
  "bench/feedback/text": "",
  "bench/feedback/verifiers": "config judge feedback/text",
  "bench/feedback/preferences": "config feedback/text feedback/trainer feedback/verifiers",
  "bench/feedback/files": "sandbox store",
  "bench/feedback/report":
    "evidence workload statistics store analysis report feedback/files feedback/serving feedback/summary",
  "bench/feedback/metrics":
    "config sandbox feedback/files feedback/preferences feedback/text feedback/trainer feedback/verifiers suites/code/execution suites/code/answers suites/code/contract",
  "bench/feedback/summary": "feedback/files",
  "bench/feedback/config": "config feedback/metrics feedback/summary",
  "bench/feedback/serving": "evidence host measure metrics run statistics store tap workload feedback/files",
  "bench/feedback/loop":
    "agent answer host measure run sandbox stack store supervisor tap tools workload feedback/config feedback/files feedback/metrics feedback/preferences feedback/serving feedback/summary feedback/trainer",
  // Past one machine.
  "bench/kubernetes/kubectl": "host",
  "bench/kubernetes/objects": "kubernetes/kubectl",
  "bench/kubernetes/attach": "kubernetes/kubectl kubernetes/objects",
  "bench/kubernetes/sidecar": "",
  "bench/kubernetes/rollout": "kubernetes/kubectl",
  "bench/kubernetes/shards":
    "config plan kubernetes/deploy kubernetes/kubectl kubernetes/objects kubernetes/rollout",
  "bench/kubernetes/deploy": "kubernetes/attach kubernetes/kubectl kubernetes/objects kubernetes/rollout",
  // Agents and workloads.
  "bench/tools": "workload",
  "bench/agent": "answer config host measure sandbox transcript workload tools",
  "openclaw-tau2/tau2/python": "",
  "openclaw-tau2/tau2/contract": "tau2/python",
  "openclaw-tau2/tau2/database": "tau2/python",
  "openclaw-tau2/tau2/schemas": "tau2/contract",
  "openclaw-tau2/tau2/text": "tau2/schemas",
  "openclaw-tau2/tau2/tasks": "tau2/contract tau2/python",
  "openclaw-tau2/tau2/environment": "tau2/contract tau2/database tau2/python tau2/schemas",
  "openclaw-tau2/tau2/domains": "tau2/contract tau2/python",
  "openclaw-tau2/tau2/domains/banking-knowledge":
    "host tau2/contract tau2/environment tau2/python tau2/tasks tau2/text",
  "openclaw-tau2/tau2/loading":
    "tau2/contract tau2/database tau2/domains tau2/domains/banking-knowledge tau2/environment tau2/python tau2/schemas tau2/tasks tau2/text",
  "openclaw-tau2/tau2/evaluation": "tau2/contract tau2/python tau2/tasks",
  "openclaw-tau2/tau2/judging": "answer judge tau2/contract tau2/python tau2/schemas",
  "openclaw-tau2/tau2/results": "tau2/contract tau2/python",
  "openclaw-tau2/tau2/verify":
    "statistics tau2/contract tau2/domains tau2/evaluation tau2/judging tau2/loading tau2/python tau2/schemas tau2/tasks tau2/text",
  "openclaw-tau2/tools": "tools tau2/contract tau2/evaluation tau2/loading",
  "openclaw-tau2/transcript": "transcript tau2/contract",
  "openclaw-tau2/user": "transcript workload agent",
  "openclaw-tau2/episode":
    "transcript workload agent tools openclaw-tau2/tools openclaw-tau2/transcript tau2/evaluation",
  "openclaw-tau2/offline":
    "config host judge store openclaw-tau2 openclaw-tau2/transcript tau2/contract tau2/evaluation tau2/judging tau2/loading tau2/results tau2/schemas",
  "openclaw-tau2":
    "config transcript workload host measure store agent tools openclaw-tau2/episode openclaw-tau2/tools " +
    "openclaw-tau2/transcript openclaw-tau2/user tau2/contract tau2/domains tau2/loading tau2/python tau2/schemas tau2/tasks tau2/text",
  "suites/tasks/contract": "config",
  "suites/tasks/python": "",
  "suites/tasks/shell": "",
  "suites/tasks/formats": "config suites/tasks/contract suites/tasks/python suites/tasks/shell",
  "suites/tasks/scoring": "answer judge sandbox suites/tasks/contract suites/tasks/python suites/tasks/shell",
  "suites/tasks/attempts": "store suites/tasks/scoring suites/tasks/contract",
  "suites/tasks/export":
    "statistics store analysis report mlflow/entries view export suites/tasks suites/tasks/attempts suites/tasks/scoring suites/tasks/contract",
  "suites/tasks":
    "config host judge measure sandbox workload agent transcript tools suites/tasks/attempts suites/tasks/formats suites/tasks/scoring suites/tasks/contract suites/tasks/python",
  "suites/code/contract": "config",
  "suites/code/formats": "suites/code/contract suites/code/answers",
  "suites/code/answers": "suites/code/contract",
  "suites/code/execution": "sandbox suites/code/contract suites/code/answers",
  "suites/code/judging": "answer workload suites/code/contract suites/code/answers suites/code/execution",
  "suites/code":
    "answer config sandbox workload agent suites/code/contract suites/code/execution suites/code/formats suites/code/judging",
  "suites/long-context": "answer config host measure workload agent statistics gateway/rendering",
  "suites/tool-use/contract": "config",
  "suites/tool-use/scoring": "workload suites/tool-use/contract",
  "suites/tool-use/cases": "suites/tool-use/contract suites/tool-use/scoring",
  "suites/tool-use/service": "suites/tool-use/contract",
  "suites/tool-use/tools": "agent host sandbox tools suites/tool-use/contract",
  "suites/tool-use/place":
    "config sandbox suites/tool-use/contract suites/tool-use/service suites/tool-use/tools",
  "suites/tool-use":
    "answer config measure sandbox workload agent transcript tools suites/tool-use/cases suites/tool-use/contract suites/tool-use/place suites/tool-use/scoring suites/tool-use/tools",
  suites: "config workload agent transcript tools sink store",
  // Composition roots: the command line, and measurements of Tollgate itself.
  "bench/commands":
    "host config plan workload measure statistics store tap tokens metrics sandbox stack docker supervisor preflight load evidence " +
    "kubernetes/deploy kubernetes/kubectl kubernetes/objects " +
    "kubernetes/sidecar " +
    "sink/mlflow mlflow mlflow/client " +
    "feedback/config feedback/files feedback/loop feedback/metrics feedback/preferences feedback/report " +
    "merge kubernetes/shards " +
    "analysis report verify view export sink/otlp otlp export/rows export/benchmarks pack run sink selftest tax capacity simulator simulator/trainer gateway agent suites suites/code suites/long-context suites/tool-use suites/tasks suites/tasks/contract suites/tasks/export openclaw-tau2 openclaw-tau2/offline tau2/verify",
  "scripts/published": "",
  "scripts/benchmark":
    "config host measure statistics workload evidence gateway/rendering gateway/sessions load run stack store supervisor tap wire tools openclaw-tau2/tools tau2/contract tau2/evaluation tau2/loading tau2/tasks tau2/verify scripts/soak sandbox suites/code/contract suites/code/execution suites/code/judging suites/long-context",
  // The real scheduler beside the simulator.
  "scripts/scheduler": "config host load measure stack statistics supervisor scripts/benchmark",
  // Thousands of episodes, and what they leave in memory.
  "scripts/soak": "host",
  // Large runs made of small ones.
  "scripts/synthetic": "host store",
  scripts:
    "commands config feedback/report host load measure report tap tokens scripts/benchmark scripts/published scripts/scheduler scripts/soak scripts/synthetic",
};
/** Files of `bench/` itself that belong to no part and may be imported by all. */
const FOR_ALL = ["bench/errors.ts", "bench/exit-codes.ts", "bench/own-files.ts"];
const MAIN = "bench/main.ts";
/** Files that belong to no folder of the table. */
const WITHOUT_ROW = new Set([...FOR_ALL, MAIN]);
/** Pairs of folders that import each other; each is a question that a reader has to ask twice. */
const TWO_WAY_PAIRS_MAX = 2;
const LINES_MAX = 400;
const ROOT_ALLOWED = new Set(
  (
    ".ci .dockerignore .gitignore .npmrc .oxlintrc.json .prettierignore .prettierrc.json ARCHITECTURE.md CHANGELOG.md LICENSE README.md " +
    "bench bin docker docs experiments openclaw-tau2 package-lock.json package.json scripts suites test tsconfig.build.json tsconfig.json vitest.config.ts"
  ).split(" "),
);

const read = (pattern: string | string[]) =>
  globSync(pattern, { exclude: (name) => name === "node_modules" }).map((file) => ({
    file,
    text: readFileSync(file, "utf8"),
  }));
const product = read(["bench/**/*.ts", "openclaw-tau2/**/*.{ts,js}", "scripts/**/*.ts", "suites/**/*.ts"]);
const tests = read("test/**/*.ts");
/** The longest folder of the table that holds a file. */
const partOf = (file: string) =>
  Object.keys(MAY_IMPORT)
    .filter((part) => file.startsWith(`${part}/`))
    .sort((a, b) => b.length - a.length)[0];
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

/** As rows name a folder: without `bench/`, and tau2's own folders without `openclaw-tau2/`. */
const shortName = (part: string) => part.replace(/^bench\/|^openclaw-tau2\/(?=tau2\/)/, "");

/** The rule of the layer table, as a function, so that a planted fault can be shown to it. */
function forbidden(from: string, to: string): boolean {
  const [source, target] = [partOf(from), partOf(to)];
  if (!source || source === target || FOR_ALL.includes(to)) return false;
  if (to === MAIN) return !source.startsWith("scripts");
  const allowed = (MAY_IMPORT[source] ?? "").split(" ");
  return !target || !(allowed.includes(target) || allowed.includes(shortName(target)));
}

test("every product file has a row in the layer table", () => {
  const files = product.map(({ file }) => file);
  expect(files.filter((file) => !WITHOUT_ROW.has(file) && partOf(file) === undefined)).toEqual([]);
  const used = new Set(files.map(partOf));
  // `suites` holds what others add; nothing need be there.
  expect(Object.keys(MAY_IMPORT).filter((part) => part !== "suites" && !used.has(part))).toEqual([]);
});

test("few pairs of folders import each other", () => {
  const folders = new Set(imports.map(({ from, to }) => `${dirname(from)} ${dirname(to)}`));
  const twoWay = [...folders].filter((edge) => {
    const [from = "", to = ""] = edge.split(" ");
    return from < to && folders.has(`${to} ${from}`);
  });
  expect(twoWay.slice(TWO_WAY_PAIRS_MAX)).toEqual([]);
});

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
  const entry = /^(bench\/main\.ts|scripts\/[^/]+\.ts)$|program\.ts$|\/plugin\//;
  const used = (file: string) => imported.has(file) || started.includes(file);
  const files = product
    .map(({ file }) => file)
    .filter((file) => !entry.test(file) && !file.endsWith(".d.ts"));
  expect(files.filter((file) => !used(file))).toEqual([]);
});

test("no imports form a cycle, those of types included", () => {
  const graph = Map.groupBy(imports, ({ from }) => from);
  const targets = new Map([...graph].map(([from, edges]) => [from, edges.map(({ to }) => to)]));
  expect(
    cyclesIn(
      new Map([
        ["a", ["b"]],
        ["b", ["a"]],
      ]),
    ),
  ).toEqual(["a -> b -> a"]);
  expect(cyclesIn(targets)).toEqual([]);
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

/** Types whose name two files declare: take out those that are gone, add none. */
const DECLARED_TWICE = new Set(
  [
    "Answer AnswerUsage AttemptParts ChatAnswer EnvironmentCall EnvironmentReply EpisodeParts",
    "Requestor SerializedTensor UserMessage",
  ].flatMap((names) => names.split(" ")),
);

test("no exported type is declared twice: a name has one meaning", () => {
  const declared = product.flatMap(({ text }) =>
    [...text.matchAll(/^export (?:declare )?(?:abstract )?(?:type|interface|class) (\w+)/gm)].map(
      ([, name = ""]) => name,
    ),
  );
  const twice = declared.filter((name, at) => declared.indexOf(name) !== at);
  expect(twice.filter((name) => !DECLARED_TWICE.has(name))).toEqual([]);
});

test("no catch block is silent", () => {
  const silent = /catch\s*(\(\w+\))?\s*\{\s*\}/;
  expect(filesWhere(product, (text) => silent.test(withoutComments(text)))).toEqual([]);
});

test("the environment is read at the entry points only", () => {
  const readers = filesWhere(product, (text) => /process\.env\b/.test(withoutComments(text)));
  expect(readers.filter((file) => !/(main|program|worker-entry)\.ts$|^scripts\//.test(file))).toEqual([]);
});

test("no answer of a server is read without a bound", () => {
  // `boundedBody` and `readPage` count what comes. The pages of `view` read what this program sends itself.
  const unbounded =
    /\b(?:body|response|answer|health)\.(?:text|json|arrayBuffer|blob|bytes)\(\)|\bfrom "node:stream\/consumers"/;
  const own = /^bench\/(view\/look|selftest|supervisor|simulator)/;
  const files = filesWhere(product, (text) => unbounded.test(withoutComments(text)));
  expect(files.filter((file) => !own.test(file) && !file.startsWith("scripts/"))).toEqual([]);
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
  const ignored = new Set([".git", "node_modules", "runs", ".vitest", "dist"]);
  const names = globSync(["*", ".*"]).filter((name) => !ignored.has(name));
  expect(names.filter((name) => !ROOT_ALLOWED.has(name))).toEqual([]);
});
