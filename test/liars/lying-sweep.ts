import { join } from "node:path";
import { fastEngine, lastLine, unchecked, Workplace } from "../e2e/small-experiment.ts";
import { cellSummaries, tollgate } from "../e2e/tollgate-process.ts";
import type { Row } from "./lie.ts";

/** What a run says of the arm of a lie. */
export interface Said {
  readonly verdict: string;
  /** Reasons of the cell, a line each. */
  readonly reasons: string;
  /** Lines of the report that name the arm. */
  readonly lines: string;
}

export interface LyingSweep {
  readonly code: number | null;
  readonly run: string;
  readonly raw: Said;
  readonly said: ReadonlyMap<string, Said>;
}

/** How many liars stand in one sweep: each is a process. */
export const armsPerSweep = 12;
const liar = join(import.meta.dirname, "liar.ts");
const program = [process.execPath, liar, "{port}", "{engine}"];

interface Options {
  readonly rows: readonly Row[];
  /** How many requests of episodes pass as they came before the lie begins. */
  readonly after?: number | "always";
  readonly otherEngine?: string;
  readonly changes?: Readonly<Record<string, unknown>>;
  /** Arguments of the command; by default every check before the run is left out. */
  readonly args?: readonly string[];
}

/** Arms of an experiment, one for each lie. */
export function lyingArms({ rows, after = 0, otherEngine = "" }: Options): readonly object[] {
  return rows.map(({ name }) => {
    const command = [...program, name, String(after), ...(otherEngine === "" ? [] : [otherEngine])];
    return { kind: "command", name, command };
  });
}

/** One sweep with an arm for each lie, on simulated engines, straight and through each liar. */
export async function lyingSweep(options: Options): Promise<LyingSweep> {
  const { rows, changes = {}, args = unchecked } = options;
  using place = new Workplace({
    stack: { kind: "embedded", agent: { ...fastEngine, decodeStepMs: 1 }, user: fastEngine },
    arms: [{ kind: "raw" }, ...lyingArms(options)],
    workload: { domain: "library", tasks: { count: 3 }, trials: 2 },
    limits: { failures: 0 },
    ...changes,
  });
  const finished = await place.sweep(...args);
  const run = lastLine(finished);
  if (run === "") throw new Error(finished.stderr);
  const report = (await tollgate(["report", run, "--format", "md"])).stdout.replaceAll("<br>", " ");
  const cells = cellSummaries(run) as Record<
    string,
    { readonly verdict: string; readonly reasons: readonly { readonly detail: string }[] }
  >;
  const saidOf = (name: string): Said => {
    const cell = cells[`c2-r0-${name}`];
    return {
      verdict: cell?.verdict ?? "no cell",
      reasons: cell?.reasons.map(({ detail }) => detail).join("\n") ?? "",
      lines: report
        .split("\n")
        .filter((line) => line.includes(name))
        .join("\n"),
    };
  };
  return {
    code: finished.code,
    run,
    raw: saidOf("raw"),
    said: new Map(rows.map(({ name }) => [name, saidOf(name)])),
  };
}
