import { z } from "zod";
import type { ReportModel } from "../../report/model/report-model.ts";
import type { RunJson } from "../../store/run-json.ts";

const resolvedSchema = z.looseObject({
  sampling: z.record(z.string(), z.unknown()).optional(),
  workload: z.looseObject({ trials: z.number().optional(), seed: z.number().optional() }).optional(),
});

/** How the figures were made, so that somebody else can make them again. Pure. */
export function methodSection(identity: RunJson, report: ReportModel): string {
  const { sampling = {}, workload = {} } = resolvedSchema.safeParse(identity.resolved).data ?? {};
  const { trials, seed } = workload;
  const last = trials === undefined || seed === undefined ? undefined : seed + trials - 1;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["workload", JSON.stringify(identity.workload)],
    ["agent", `${report.run.agent.name} ${report.run.agent.version}`],
    ["sampling of every request", JSON.stringify(sampling)],
    ["samples of each problem", trials === undefined ? undefined : String(trials)],
    ["seeds", last === undefined ? undefined : `${seed} to ${last}: the seed of sample n is ${seed} + n`],
    [
      "pass@k",
      report.passAtK &&
        "1 - C(n - c, k) / C(n, k) for each problem with c of n samples passed, mean and median over problems; k > n is refused",
    ],
    ["model servers", report.run.servers.join("; ")],
    ["versions", JSON.stringify(report.run.versions)],
    ["git", report.run.gitRevision ?? undefined],
    ["sha256 of the data", JSON.stringify(identity.hashes)],
    ["machine", report.run.host],
  ];
  const lines = rows.flatMap(([name, text]) =>
    text === undefined || text === "" || text === "{}" ? [] : [`| ${name} | ${cellText(text)} |`],
  );
  return [
    "## Method",
    ["| what | how |", "| --- | --- |", ...lines].join("\n"),
    "The experiment is in the run's `run.json` (`resolved`), and every sample with its text, the rule that found the answer, verdict and seed in `samples.ndjson` below `evidence/`.",
  ].join("\n\n");
}

function cellText(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("*", "\\*");
}
