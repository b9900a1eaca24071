import { compareSegment } from "../../fidelity/compare-segment.ts";
import { armToCompare } from "../../fidelity/rewrites.ts";
import type { RunningArm } from "../../stack/stack.ts";
import type { FidelityFacts, FidelityFinding, FindingKind } from "../../store/fidelity-facts.ts";
import type { Finding } from "../../store/preflight-record.ts";
import { failed, nameOf, notChecked, ok, warning, type Check, type PreflightContext } from "../check.ts";

/** The other checks' own requests: whatever they ask for is compared, so this one comes behind them and sends nothing. */
export const fidelityCheck: Check = {
  name: "fidelity",
  proves:
    "what the checks asked of an arm reached the engine as it was, and its answers left the arm as they were",
  async run(context) {
    const findings: Finding[] = [];
    for (const arm of context.stack.arms) findings.push(...(await armFindings(arm, context)));
    return { findings };
  },
};

const altering: readonly FindingKind[] = ["request", "answer", "hidden-failure", "not-from-engine"];

async function armFindings(arm: RunningArm, { prober, unusable }: PreflightContext): Promise<Finding[]> {
  const on = nameOf(arm);
  const reason = unusable.get(arm);
  if (reason !== undefined) return [notChecked(on, reason)];
  const facts: FidelityFacts[] = [];
  for (const { directory, arm: name } of prober.segments)
    if (name === arm.spec.name) facts.push(await compareSegment(directory, armToCompare(arm)));
  const sum = (of: (one: FidelityFacts) => number) => facts.reduce((total, one) => total + of(one), 0);
  const [requests, answers] = [sum((one) => one.comparedRequests), sum((one) => one.comparedAnswers)];
  const found = facts.flatMap(({ findings }) => findings);
  const altered = firstOfEach(found.filter(({ kind }) => altering.includes(kind)));
  const retried = firstOfEach(found.filter(({ kind }) => kind === "retried"));
  const unknown = [...new Set(facts.flatMap(({ unknown }) => unknown.map(({ what }) => what)))];
  const change =
    "Switch that off at the gateway; or, where it is meant, declare it: rewrites: [PLACE, ...] at the arm.";
  return [
    ...(altered.length > 0 ? [failed(on, altered.join("; "), change)] : []),
    ...(retried.length > 0
      ? [
          warning(
            on,
            retried.join("; "),
            "Switch retries off: their time is the arm's, and they hide failures.",
          ),
        ]
      : []),
    ...(altered.length + retried.length === 0 && requests > 0
      ? [ok(on, `${requests} requests and ${answers} answers are the same on both sides of it`)]
      : []),
    ...(unknown.length > 0 ? [notChecked(on, `cannot be known: ${unknown.join("; ")}`)] : []),
  ];
}

const shownMax = 5;

function firstOfEach(findings: readonly FidelityFinding[]): readonly string[] {
  const known = new Map(
    findings.toReversed().map((finding) => [`${finding.kind} ${finding.about}`, finding]),
  );
  const texts = [...known.values()].toReversed().map(({ what }) => what);
  const more = texts.length - shownMax;
  return more > 0 ? [...texts.slice(0, shownMax), `and ${more} more`] : texts;
}
