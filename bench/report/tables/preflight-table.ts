import { latestArmFacts, type PreflightRecord } from "../../store/preflight-record.ts";
import { absent } from "./number-text.ts";
import type { ReportModel } from "../model/report-model.ts";
import { left, type Table } from "./table.ts";
import { wrappedText } from "./wrapped-text.ts";

/** Every finding of a preflight, worst first within its check as it was found. */
export function preflightTable({ checks, seconds }: PreflightRecord): Table {
  return {
    title: `Preflight, ${seconds.toFixed(1)} s`,
    columns: [left("check"), left("result"), left("on"), left("what, and what to change")],
    rows: checks.flatMap(({ name, proves, skipped, findings }) =>
      skipped
        ? [[name, "skipped", absent, wrappedText(`nothing shows that ${proves}`)]]
        : findings.map(({ status, on, what, change }) => [
            name,
            status,
            wrappedText(on, 24),
            wrappedText(change === null ? what : `${what}\n-> ${change}`),
          ]),
    ),
    notes: [],
  };
}

/** What a reader of results must know of a preflight: everything that was not simply ok. */
export function preflightSummary(record: PreflightRecord): Table {
  const notable = { ...record, checks: record.checks.map(withoutOk) };
  const fine = record.checks.filter(({ findings }) => findings.some(({ status }) => status === "ok"));
  return {
    ...preflightTable(notable),
    title: `Preflight ${record.at}`,
    notes: [`ok: ${fine.map(({ name }) => name).join(", ") || "nothing"}`],
  };
}

function withoutOk(check: PreflightRecord["checks"][number]): PreflightRecord["checks"][number] {
  return { ...check, findings: check.findings.filter(({ status }) => status !== "ok") };
}

/** One sentence per arm whose time to first token is the time of the whole answer. */
export function notStreamed({
  preflights,
  cells,
}: Pick<ReportModel, "preflights" | "cells">): readonly string[] {
  const arms = [...new Set(cells.map(({ arm }) => arm))];
  return arms
    .filter((arm) => latestArmFacts(preflights, arm)?.streaming === "simulated")
    .map((arm) => `${arm}: streaming is simulated (preflight): TTFT not comparable`);
}
