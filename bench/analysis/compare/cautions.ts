import { z } from "zod";
import type { RunJson } from "../../store/run-json.ts";
import { shareText } from "../estimates/coverage.ts";
import type { FieldChange } from "./manifest.ts";

/** What a workload with named scores says of where its tasks and scores come from. */
const originSchema = z.looseObject({
  suite: z.looseObject({ name: z.string(), version: z.string().nullable() }).optional(),
  profile: z.looseObject({ format: z.string(), version: z.string() }).optional(),
});

interface ComparedSide {
  readonly identity: RunJson;
  /** Of the finished episodes, as a person names them. */
  readonly tasks: ReadonlySet<string>;
}

/** What has to be known before the scores of two runs are held against each other; nothing for runs without named scores. Pure. */
export function scoreCautions(
  before: ComparedSide,
  after: ComparedSide,
  changes: readonly FieldChange[],
): readonly string[] {
  const parts = [...partOf("A", before), ...partOf("B", after)];
  if (before.identity.scores === undefined || after.identity.scores === undefined) return parts;
  const [a, b] = [originOf(before), originOf(after)];
  const only = ({ tasks }: ComparedSide, other: ComparedSide) =>
    [...tasks].filter((task) => !other.tasks.has(task));
  const common = before.tasks.size - only(before, after).length;
  const otherFiles = changes.flatMap(({ field, before: was, after: is }) =>
    field.startsWith("hashes.") && was !== null && is !== null ? [field.slice("hashes.".length)] : [],
  );
  return [
    ...parts,
    ...(a.profile === b.profile
      ? []
      : [
          `scored by different profiles (A ${a.profile}, B ${b.profile}): a difference of scores may be theirs. Score one run again, or compare what does not depend on scores`,
        ]),
    ...(a.suite === b.suite ? [] : [`different suites of tasks (A ${a.suite}, B ${b.suite})`]),
    ...alone("A", only(before, after), common),
    ...alone("B", only(after, before), common),
    ...(otherFiles.length === 0
      ? []
      : [
          `${otherFiles.length} tasks or files of the same name are not the same in both runs: ${listed(otherFiles)}`,
        ]),
  ];
}

/** A score of five problems is none of all. */
function partOf(side: "A" | "B", { identity: { coverage } }: ComparedSide): readonly string[] {
  return coverage === undefined || coverage.selected === coverage.total
    ? []
    : [`${side} has ${shareText(coverage.selected, coverage.total)}, of its ${coverage.of}`];
}

function originOf({ identity }: ComparedSide): { readonly suite: string; readonly profile: string } {
  const { suite, profile } = originSchema.safeParse(identity.workload).data ?? {};
  return {
    suite: suite === undefined ? "unknown" : `${suite.name} ${suite.version ?? "without a version"}`,
    profile: profile === undefined ? "unknown" : `${profile.format} ${profile.version}`,
  };
}

function alone(side: "A" | "B", tasks: readonly string[], common: number): readonly string[] {
  return tasks.length === 0
    ? []
    : [`only ${side} has ${listed(tasks)}: compared are the ${common} tasks of both`];
}

const listedMax = 5;

function listed(names: readonly string[]): string {
  const more = names.length > listedMax ? ` and ${names.length - listedMax} more` : "";
  return `${names.toSorted().slice(0, listedMax).join(", ")}${more}`;
}
