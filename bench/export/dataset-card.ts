import type { z } from "zod";
import type { exportedRunSchema, filesSchema } from "./manifest.ts";

/** What a card says, whatever the format is. */
export interface CardFacts {
  readonly format: string;
  readonly run: z.infer<typeof exportedRunSchema>;
  /** What a row or a file is. */
  readonly what: string;
  /** Rows by subset; the first is what is loaded where nobody names one. `file` is null for what no loader of tables reads. */
  readonly subsets: readonly CardSubset[];
  readonly counts: Readonly<Record<string, string>>;
  readonly exclusions: readonly { readonly reason: string; readonly count: number }[];
  readonly files: z.infer<typeof filesSchema>;
  /** What a reader must know before the rows are used. */
  readonly cautions: readonly string[];
}

export interface CardSubset {
  readonly name: string;
  readonly file: string | null;
  readonly rows: number;
}

/**
 * `README.md` beside an export: a dataset card as the Hugging Face Hub reads it, so that the folder can be uploaded as it is. A licence
 * is not in it: it is that of the tasks and of the model, which nobody here knows.
 */
export function datasetCard(facts: CardFacts): string {
  return `---\n${frontMatter(facts).join("\n")}\n---\n\n${body(facts).join("\n\n")}\n`;
}

/** Texts are written as JSON, which is YAML whatever is in them. */
function frontMatter({ format, run, subsets }: CardFacts): readonly string[] {
  const rows = Math.max(0, ...subsets.map(({ rows }) => rows));
  const loaded = subsets.flatMap(({ name, file }) => (file === null ? [] : [{ name, file }]));
  return [
    `pretty_name: ${JSON.stringify(`${run.experiment} (${format})`)}`,
    "tags:",
    ...["tollgate", "agent", "tool-use", format, ...(run.simulated ? ["simulated"] : [])].map(
      (tag) => `  - ${JSON.stringify(tag)}`,
    ),
    ...(format === "requests" ? [] : ["task_categories:", "  - text-generation"]),
    "size_categories:",
    `  - ${JSON.stringify(sizeCategory(rows))}`,
    ...(loaded.length === 0 ? [] : ["configs:"]),
    ...loaded.flatMap(({ name, file }, index) => [
      `  - config_name: ${JSON.stringify(name)}`,
      `    data_files: ${JSON.stringify(file)}`,
      ...(index === 0 && loaded.length > 1 ? ["    default: true"] : []),
    ]),
  ];
}

/** The Hub's own words. */
function sizeCategory(rows: number): string {
  const steps = [
    [1e3, "n<1K"],
    [1e4, "1K<n<10K"],
    [1e5, "10K<n<100K"],
    [1e6, "100K<n<1M"],
    [1e7, "1M<n<10M"],
    [1e8, "10M<n<100M"],
  ] as const;
  return steps.find(([below]) => rows < below)?.[1] ?? "100M<n<1B";
}

function body({ run, what, counts, exclusions, files, cautions }: CardFacts): readonly string[] {
  const { agent, versions } = run;
  const known = Object.entries(versions).flatMap(([name, version]) =>
    version === null ? [] : [`${name} ${version}`],
  );
  return [
    `# ${escaped(run.experiment)}`,
    what,
    ...(run.simulated
      ? [
          "**An engine of this run is a simulator without weights: texts, tokens and times are no model's. Train nothing with it.**",
        ]
      : []),
    "## Where it comes from",
    list([
      `run \`${run.runId}\`, started ${run.createdAt}`,
      `agent ${escaped(agent.name)} ${escaped(agent.version)}`,
      ...(known.length === 0 ? [] : [`versions: ${escaped(known.join(", "))}`]),
      `hashes: ${Object.entries(run.hashes)
        .map(([name, hash]) => `${name} \`${hash}\``)
        .join(", ")}`,
    ]),
    "## What is in it",
    list(Object.entries(counts).map(([name, value]) => `${name}: ${escaped(value)}`)),
    ...(exclusions.length === 0
      ? []
      : [
          "## What is not in it",
          list(exclusions.map(({ reason, count }) => `${count} × ${escaped(reason)}`)),
        ]),
    ...(cautions.length === 0 ? [] : ["## Before it is used", list(cautions)]),
    "## Files",
    [
      "| file | bytes | sha256 |",
      "| --- | ---: | --- |",
      ...files.map(({ name, bytes, sha256 }) => `| \`${name}\` | ${bytes} | \`${sha256}\` |`),
    ].join("\n"),
    "`manifest.json` has all counts. Written by Tollgate.",
  ];
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item.replaceAll("\n", " ")}`).join("\n");
}

function escaped(text: string): string {
  return text.replaceAll(/[\\`*_<>[\]|#]/g, (mark) => `\\${mark}`);
}

/** `raw 12, gateway 12` */
export function countsText(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return parts.length === 0 ? "none" : parts.join(", ");
}
