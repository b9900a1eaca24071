import type { JUnitCase, JUnitSuite } from "../report/ci/junit.ts";
import type { LimitStatus } from "./limit.ts";
import type { TaxReport } from "./tax-report.ts";
import { loadWords } from "./tax-plan.ts";
import { intervalText, verdictLine } from "./tax-text.ts";

const limitMessages: Readonly<Record<LimitStatus, string>> = {
  kept: "kept",
  crossed: "a whole interval lies above it",
  "cannot-tell": "an interval reaches over it: more --minutes make it narrower",
};

/** A case for the numbers, and one for the limit where there is one. Pure. */
export function taxSuite(report: TaxReport): JUnitSuite {
  const { raw, gateway, model, simulated, seconds, usable, against, limit, loads } = report;
  const group = "tollgate tax";
  const seen = loads.map(
    ({ load, added }) =>
      `${loadWords(load)}: first token ${intervalText(added.firstToken)}, whole ${intervalText(added.whole)} ms`,
  );
  const cases: JUnitCase[] = [
    {
      group,
      name: "the numbers stand",
      seconds,
      problem: usable
        ? null
        : { kind: "failure", type: "not-usable", message: verdictLine(report), detail: against.join("\n") },
    },
  ];
  if (limit !== null) {
    const status = usable ? limit.status : "cannot-tell";
    cases.push({
      group,
      name: `no more than ${limit.text} is added`,
      seconds: null,
      problem:
        status === "kept"
          ? null
          : { kind: "failure", type: status, message: limitMessages[status], detail: seen.join("\n") },
    });
  }
  const properties = { raw, gateway, model, simulated: String(simulated) };
  return { name: group, properties, cases, output: null };
}
