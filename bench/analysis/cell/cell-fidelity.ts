import type { z } from "zod";
import {
  fidelityFactsSchema,
  findingKinds,
  type FidelityFacts,
  type FidelityFinding,
  type FindingKind,
} from "../../store/fidelity-facts.ts";
import type { VerdictReason } from "./verdict.ts";

/** What the two sides of an arm differ in, over all segments that were compared. */
export const cellFidelitySchema = fidelityFactsSchema.omit({ v: true });
export type CellFidelity = z.infer<typeof cellFidelitySchema>;

/** null where no segment was compared. */
export function cellFidelity(segments: readonly (FidelityFacts | null)[]): CellFidelity | null {
  const known = segments.filter((facts) => facts !== null);
  const [first] = known;
  if (first === undefined) return null;
  const sum = (of: (facts: FidelityFacts) => number) => known.reduce((total, facts) => total + of(facts), 0);
  const groups = Map.groupBy(
    known.flatMap(({ findings }) => findings),
    ({ kind, about }) => `${kind} ${about}`,
  );
  const totals = {
    requests: sum(({ requests }) => requests),
    comparedRequests: sum(({ comparedRequests }) => comparedRequests),
    comparedAnswers: sum(({ comparedAnswers }) => comparedAnswers),
  };
  return {
    arm: first.arm,
    ...totals,
    findings: [...groups.values()]
      .flatMap(([finding, ...more]) =>
        finding === undefined
          ? []
          : [
              {
                ...finding,
                count: more.reduce((count, other) => count + other.count, finding.count),
                of: lookedAt(finding.kind, totals),
              },
            ],
      )
      .sort((a, b) => findingKinds.indexOf(a.kind) - findingKinds.indexOf(b.kind) || b.count - a.count),
    unknown: [
      ...Map.groupBy(
        known.flatMap(({ unknown }) => unknown),
        ({ what }) => what,
      ),
    ].map(([what, all]) => ({ what, count: all.reduce((sum, { count }) => sum + count, 0) })),
  };
}

/** Out of how many requests a finding of this kind was counted. */
function lookedAt(
  kind: FindingKind,
  {
    requests,
    comparedRequests,
    comparedAnswers,
  }: Pick<CellFidelity, "requests" | "comparedRequests" | "comparedAnswers">,
): number {
  if (kind === "answer") return comparedAnswers;
  return ["request", "declared", "form"].includes(kind) ? comparedRequests : requests;
}

/** Kinds after which the numbers of a cell are those of other requests, or of other answers. */
const spoiling: Readonly<Partial<Record<FindingKind, "request-altered" | "answer-altered">>> = {
  request: "request-altered",
  answer: "answer-altered",
  "hidden-failure": "answer-altered",
  "not-from-engine": "answer-altered",
  "other-engine": "answer-altered",
};

export function fidelityReasons(fidelity: CellFidelity | null): VerdictReason[] {
  return (fidelity?.findings ?? []).flatMap((finding) => {
    const verdict = spoiling[finding.kind];
    return verdict === undefined ? [] : [{ verdict, detail: findingText(finding) }];
  });
}

/** One sentence without its end: what, how often, and where it can be seen first. */
export function findingText(finding: FidelityFinding): string {
  const { kind, what, count, of, first } = finding;
  const counted =
    kind === "hidden-failure"
      ? `the gateway turned ${count} ${finding.about === "cut" ? "cut" : "failed"} answers of the engine into complete ones: ${what}`
      : what;
  return `${counted}, in ${count} of ${of} requests; first: request ${first.requestId}`;
}
