import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect, test } from "vitest";
import { jsonSchemaOf, schemaNames } from "../../bench/commands/schema.ts";
import { exportRun } from "../../bench/export/export-run.ts";
import { exportRows } from "../../bench/export/rows/export-rows.ts";
import { TemporaryFolder, tollgate, expectExit } from "../e2e/tollgate-process.ts";
import { unpack } from "../pack/unpacked.ts";

const archives = join(import.meta.dirname, "../fixtures/stored-runs");
const runs = readdirSync(archives).filter((name) => name.endsWith(".tar.zst"));

type Validator = (value: unknown) => readonly string[];
const validators = new Map<string, Validator>();

/** What a reader with another JSON Schema library is told of a value; empty when it is as the schema says. */
async function validator(name: string): Promise<Validator> {
  const known = validators.get(name);
  if (known !== undefined) return known;
  const ajv = addFormats.default(
    new Ajv2020.default({ strict: true, strictRequired: false, allowUnionTypes: true, allErrors: true }),
  );
  const valid = ajv.compile(await jsonSchemaOf(name));
  const problems: Validator = (value) =>
    valid(value) ? [] : (valid.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ""}`);
  validators.set(name, problems);
  return problems;
}

const lines = (path: string): readonly unknown[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line): unknown => JSON.parse(line));
const json = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));

test.each(runs)("the files of the stored run %s are as the schemas say", async (archive) => {
  using folder = new TemporaryFolder();
  await unpack(join(archives, archive), folder.path);
  const [name = ""] = readdirSync(folder.path);
  const run = join(folder.path, name);
  const check = async (schema: string, values: readonly unknown[]) => {
    const problems = await validator(schema);
    expect(values.length).toBeGreaterThan(0);
    for (const value of values) expect([schema, problems(value)]).toEqual([schema, []]);
  };
  await check("run", [json(join(run, "run.json"))]);
  await check("report", [json(join(run, "report/report.json"))]);
  await check("records", lines(join(run, "records.jsonl")));
  const rows = join(folder.path, "rows");
  await exportRows(run, { out: rows });
  await check("manifest", [json(join(rows, "manifest.json"))]);
  if (!existsSync(join(run, "trajectories.jsonl")) || archive.startsWith("replay")) return;
  await check("trajectories", lines(join(run, "trajectories.jsonl")));
  const out = join(folder.path, "out");
  await exportRun(run, { format: "jsonl", out });
  await check("export", lines(join(out, "trajectories.jsonl")));
  await check("manifest", [json(join(out, "manifest.json"))]);
});

/** A schema that takes everything would pass the test above. */
test.each([
  ["records", { v: 1, type: "episode", episodeId: "0123456789abcdef" }],
  ["records", { v: 1, type: "cell", cellId: "c", at: "2026-01-01T00:00:00.000Z", summary: { v: 1 } }],
  ["report", { v: 1, run: {} }],
  ["report", { v: 1, kind: "replay", verdict: "perfect" }],
  ["run", { v: 2 }],
  ["trajectories", { v: 1, messages: [{ role: "system" }] }],
  ["export", {}],
  ["manifest", { v: 1, format: "requests" }],
  ["requests", { run_id: "r" }],
  ["episodes", { run_id: 1 }],
  ["experiment", { name: "x", sweeep: {} }],
])("%s refuses %o", async (name, value) => {
  expect((await validator(name))(value)).not.toEqual([]);
});

test("what a newer Tollgate adds to a stored file does not make it invalid", async () => {
  const started = {
    v: 1,
    type: "run-started",
    runId: "r",
    at: "t",
    plannedEpisodes: 1,
    plannedCells: 1,
    resumed: false,
  };
  expect((await validator("records"))({ ...started, later: 1 })).toEqual([]);
});

test("`tollgate schema --of` prints each of them; without --of that of experiments", async () => {
  const [{ stdout: standard }, named, unknown] = await Promise.all([
    tollgate(["schema"]),
    tollgate(["schema", "--of", "requests"]),
    tollgate(["schema", "--of", "request"]),
  ]);
  expect(JSON.parse(standard)).toEqual(await jsonSchemaOf("experiment"));
  expect(JSON.parse(named.stdout)).toEqual(await jsonSchemaOf("requests"));
  expectExit(unknown, 2);
  expect(unknown.stderr).toContain(schemaNames.join(", "));
});
