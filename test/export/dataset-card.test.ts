import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { datasetCard } from "../../bench/export/dataset-card.ts";
import { exportFormats, exportRun } from "../../bench/export/export-run.ts";
import { exportRows } from "../../bench/export/rows/export-rows.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { buildRowsRun } from "./rows/rows-run.ts";

const folder = new TemporaryFolder();
afterAll(() => folder[Symbol.dispose]());
let run = "";
beforeAll(async () => {
  run = await buildRowsRun(folder.path);
});

interface FrontMatter {
  readonly pretty_name: string;
  readonly tags: readonly string[];
  readonly size_categories: readonly string[];
  readonly configs?: readonly {
    readonly config_name: string;
    readonly data_files: string;
    readonly default?: boolean;
  }[];
}

/** As the Hub takes it apart: YAML between two lines of dashes, Markdown below. */
function readCard(text: string): { readonly head: FrontMatter; readonly body: string } {
  const [, head = "", body = ""] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text) ?? [];
  return { head: parse(head) as FrontMatter, body };
}

test.each([...exportFormats, "requests"])(
  "the card beside an export as %s names its files, and that an engine was simulated",
  async (format) => {
    const out = join(folder.path, `out-${format}`);
    await (format === "requests" ? exportRows(run, { out }) : exportRun(run, { format, out }));
    const { head, body } = readCard(readFileSync(join(out, "README.md"), "utf8"));
    expect(head.tags).toContain("simulated");
    expect(head.size_categories).toEqual(["n<1K"]);
    for (const { data_files } of head.configs ?? []) expect(existsSync(join(out, data_files))).toBe(true);
    expect(head.configs?.map(({ config_name }) => config_name)).toEqual(
      { requests: ["requests", "episodes"], areal: undefined, atif: undefined }[format] ??
        (["areal", "atif"].includes(format) ? undefined : ["trajectories"]),
    );
    expect(body).toContain("simulator without weights");
    expect(body).toContain("laptop-20261121T120000Z-0a1b2c");
  },
);

test("names that mean something to YAML or Markdown stay what they are", () => {
  const name = 'a: "b" # [c](d)\n---\n*e*';
  const text = datasetCard({
    format: "jsonl",
    run: {
      runId: "r",
      experiment: name,
      createdAt: "t",
      simulated: false,
      agent: { name: "x|y", version: "1" },
      versions: {},
      hashes: {},
    },
    what: "w",
    subsets: [{ name: "trajectories", file: "f.jsonl", rows: 12_345 }],
    counts: {},
    exclusions: [],
    files: [],
    cautions: [],
  });
  const { head, body } = readCard(text);
  expect(head.pretty_name).toBe(`${name} (jsonl)`);
  expect(head.size_categories).toEqual(["10K<n<100K"]);
  expect(head.tags).not.toContain("simulated");
  expect(body).not.toContain("simulator");
  expect(body).not.toContain("[c](d)");
});
