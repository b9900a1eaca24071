import { join } from "node:path";
import type { StoreWarning } from "../store/read-run.ts";
import { armVersionsMet, serversMet, type ServerFacts } from "./server-facts.ts";
import type { RunRecord } from "../store/record.ts";
import { revisionText } from "../store/resume-check.ts";
import type { RunJson } from "../store/run-json.ts";

/** A run as far as it says what measured it. */
export interface StatingRun {
  readonly directory: string;
  readonly identity: Pick<RunJson, "versions" | "git">;
  readonly records: readonly Pick<RunRecord, "type">[];
}

/**
 * What a run says of the programs that measured it and that it measured, by names in words (`version of tollgate`): every value that one
 * of its calls stated, in their order. Several: another program has gone on with it. A fact that nobody states has no name.
 */
export async function measuringPrograms(run: StatingRun): Promise<ReadonlyMap<string, readonly string[]>> {
  const facts = new Map<string, Set<string>>();
  const state = (name: string, value: string | number | boolean | null | undefined) => {
    if (value === null || value === undefined) return;
    const values = facts.get(name) ?? new Set();
    facts.set(name, values.add(String(value)));
  };
  for (const { versions, git } of [run.identity, ...laterCalls(run.records)]) {
    for (const [name, version] of Object.entries(versions ?? {})) state(`version of ${name}`, version);
    state("revision of Tollgate", revisionText(git ?? null));
  }
  for (const [name, version] of await armVersionsMet(run.directory)) state(`version of ${name}`, version);
  for (const { role, variant, facts: server } of await serversMet(run.directory)) {
    const of = `${role} engine${variant === null ? "" : ` in variant ${variant}`}`;
    for (const [name, value] of Object.entries(statedBy(server))) state(`${name} of ${of}`, value);
  }
  return new Map([...facts].map(([name, values]) => [name, [...values]]));
}

/** Numbers of two programs are mixed where one has gone on with what the other began. */
export async function programWarnings(run: StatingRun): Promise<readonly StoreWarning[]> {
  const several = [...(await measuringPrograms(run))].filter(([, values]) => values.length > 1);
  return several.map(([name, values]) => ({
    file: join(run.directory, "run.json"),
    line: 0,
    message: `other programs than those that began the run have gone on with it: ${name} ${values.join(", then ")}`,
  }));
}

type Call = Pick<Extract<RunRecord, { readonly type: "run-started" }>, "versions" | "git">;

function laterCalls(records: StatingRun["records"]): readonly Call[] {
  return records.filter((record): record is Extract<RunRecord, { type: "run-started" }> => {
    return record.type === "run-started";
  });
}

function statedBy({ engine, ...server }: ServerFacts) {
  return {
    name: engine.name,
    version: engine.version,
    model: server.model,
    "context length": server.contextLength,
    "prefix cache": server.prefixCache,
    "tensor parallelism": server.tp,
    "data parallelism": server.dp,
    quantization: server.quantization,
    "deterministic inference": server.deterministic,
  };
}
