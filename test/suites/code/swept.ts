import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expectExit, tollgate } from "../../e2e/tollgate-process.ts";
import { fileWith, humanevalRow, jsonLines } from "./formats/data-files.ts";

/** Five problems in HumanEval's form. */
export const five = jsonLines([0, 1, 2, 3, 4].map((id) => humanevalRow(id)));

/** One arm, a fast engine, and no other setting than what is given. */
export function experiment(folder: string, workload: string): string {
  const text = `name: code-test
stack: {kind: embedded, agent: {decodeStepMs: 0.5}}
arms: [{kind: raw}]
agent: {kind: chat}
sampling: {temperature: 0.2}
workload: {kind: code, ${workload}}
sweep: {concurrency: [2]}
`;
  return fileWith(folder, text, "experiment.yaml");
}

/** Runs the shipped command; `shown` is what it says on the terminal, and its report as Markdown, HTML and JSON. */
export async function swept(folder: string, args: readonly string[]) {
  const finished = await tollgate(["sweep", ...args, "--out", join(folder, "runs")]);
  expectExit(finished, 0);
  const run = finished.stdout.trim().split("\n").at(-1) ?? "";
  const read = (name: string) => readFileSync(join(run, "report", name), "utf8");
  const shown = [finished.stdout, read("report.md"), read("report.html"), read("report.json")];
  return { run, shown, report: JSON.parse(read("report.json")) };
}
