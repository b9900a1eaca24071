import type { ClawBenchProfile } from "../../contract/task.ts";
import type { TaskFinding } from "../../contract/observation.ts";
import { rounded } from "./rounding.ts";

/** How much of what the task asks for is there: the share of assertions that hold. */
export interface CompletionScore {
  /** null: something is asked for, and none of it could be decided. */
  readonly score: number | null;
  readonly passed: number;
  /** Of those that were decided. */
  readonly total: number;
  /** Why an assertion failed, in the words of the page that shows it. */
  readonly failures: readonly string[];
  /** Why an assertion could not be decided, by where it stands. */
  readonly undecided: Readonly<Record<string, string>>;
  /** Whether the task asserts anything. */
  readonly isAsserted: boolean;
}

export function completionOf(findings: readonly TaskFinding[], profile: ClawBenchProfile): CompletionScore {
  const asked = [
    ...profile.files.map((_, index) => `files[${index}]`),
    ...profile.stateAssertions.map((_, index) => `stateAssertions[${index}]`),
    ...profile.executionChecks.map((_, index) => `executionChecks[${index}]`),
  ];
  const found = new Map(findings.map((finding) => [finding.at, finding]));
  const decided = asked.flatMap((at) => {
    const finding = found.get(at);
    return finding === undefined || finding.value === null ? [] : [finding];
  });
  const failed = decided.filter(({ value }) => value !== 1);
  const undecided = asked
    .filter((at) => (found.get(at)?.value ?? null) === null)
    .map((at) => [at, found.get(at)?.detail ?? "nobody looked"] as const);
  const passed = decided.length - failed.length;
  const isUnknown = asked.length > 0 && decided.length === 0;
  return {
    score: isUnknown ? null : asked.length === 0 ? 1 : rounded(passed / decided.length),
    passed,
    total: decided.length,
    failures: failed.map((finding) => `${nameOf(finding, profile)}: ${finding.detail}`),
    undecided: Object.fromEntries(undecided),
    isAsserted: asked.length > 0,
  };
}

/** As the original's reports name an assertion, which its failure modes are read from. */
function nameOf({ at, type }: TaskFinding, profile: ClawBenchProfile): string {
  const index = Number(/\[(?<index>\d+)\]/u.exec(at)?.groups?.["index"] ?? 0);
  if (type === "file") return `FILE ${profile.files[index]?.path ?? at}`;
  if (type === "execution") return `EXEC ${profile.executionChecks[index]?.name ?? at}`;
  return type.toUpperCase();
}
