import { StartError } from "../errors.ts";
import { secondsBetween } from "../measure/clock.ts";
import type { Engine } from "../stack/engine.ts";
import { enginesOf, type RunningArm, type RunningStack } from "../stack/stack.ts";
import type { ArmFacts, Finding, PreflightRecord } from "../store/preflight-record.ts";
import { failed, nameOf, type Check, type PreflightContext } from "./check.ts";
import { contextLengthCheck } from "./checks/context-length.ts";
import { episodeCheck } from "./checks/episode.ts";
import { diskCheck } from "./checks/disk.ts";
import { fidelityCheck } from "./checks/fidelity.ts";
import { generationCheck } from "./checks/generation.ts";
import { gpuMemoryCheck } from "./checks/gpu-memory.ts";
import { metricsCheck } from "./checks/metrics.ts";
import { sameEngineCheck } from "./checks/same-engine.ts";
import { samplingCheck } from "./checks/sampling.ts";
import { sessionCheck } from "./checks/session.ts";
import { streamingCheck } from "./checks/streaming.ts";
import { toolCallCheck } from "./checks/tool-call.ts";

/** In the order in which they run: what the others rest on comes first. */
export const checks: readonly Check[] = [
  generationCheck,
  metricsCheck,
  toolCallCheck,
  contextLengthCheck,
  samplingCheck,
  streamingCheck,
  sessionCheck,
  sameEngineCheck,
  fidelityCheck,
  gpuMemoryCheck,
  diskCheck,
];

/** Those that need the agent come last, once it runs. */
export const checkNames: readonly string[] = [...checks.map(({ name }) => name), episodeCheck.name];

/** A check failed: what was to be measured would be wrong. Exit code 3, as for a part that does not start. */
export class PreflightError extends StartError {
  readonly failed: readonly string[];

  constructor(record: PreflightRecord) {
    const failures = failuresOf(record);
    super(
      "preflight",
      [
        "The preflight found what would make the results wrong:",
        ...failures.map(
          ({ check, finding: { on, what, change } }) => `  ${check}: ${on}: ${what}\n    -> ${change ?? ""}`,
        ),
        failures.every(({ check }) => check === startName)
          ? "Nothing was measured."
          : "Nothing was measured. A check can be left out by name (--skip-preflight NAME), which the report then says.",
      ].join("\n"),
    );
    this.failed = failures.map(({ check }) => check);
  }
}

interface Failure {
  readonly check: string;
  readonly finding: Finding;
}

export function failuresOf({ checks }: PreflightRecord): readonly Failure[] {
  return checks.flatMap(({ name, findings }) =>
    findings.filter(({ status }) => status === "failed").map((finding) => ({ check: name, finding })),
  );
}

/**
 * Runs every check that is not skipped, one after the other, and returns what was found. It judges nothing: whether a
 * failure stops the run is the caller's decision.
 * @param begun called before each check that is made, with its place among all
 */
export async function runChecks(
  context: Omit<PreflightContext, "unusable">,
  skipped: ReadonlySet<string>,
  begun?: (name: string, at: number, count: number) => void,
): Promise<PreflightRecord> {
  const startedNs = context.clock.nowNs();
  const at = context.clock.wallIso();
  let unusable: PreflightContext["unusable"] = new Map();
  const done: PreflightRecord["checks"] = startFindings(context.stack);
  const arms: Record<string, ArmFacts> = Object.fromEntries(
    context.stack.arms.map(({ spec }) => [spec.name, { streaming: null, sameEngine: null }]),
  );
  for (const check of checks) {
    const { name, proves } = check;
    if (skipped.has(name)) {
      done.push({ name, proves, skipped: true, findings: [] });
      continue;
    }
    context.signal.throwIfAborted();
    begun?.(name, checks.indexOf(check) + 1, checkNames.length);
    const result = await check.run({ ...context, unusable });
    done.push({ name, proves, skipped: false, findings: [...result.findings] });
    for (const [arm, facts] of Object.entries(result.arms ?? {}))
      arms[arm] = { streaming: null, sameEngine: null, ...arms[arm], ...facts };
    if (check === generationCheck) unusable = unusableParts(context.stack, result.findings);
  }
  return { at, seconds: secondsBetween(startedNs, context.clock.nowNs()), checks: done, arms };
}

const startName = "start";

/** Not a check that could be left out: without all of its arms an experiment is another one. */
function startFindings({ failedArms }: RunningStack): PreflightRecord["checks"] {
  if (failedArms.length === 0) return [];
  const change =
    "Put right what its log says. `tollgate plan` prints the commands that start it by hand; an arm can be taken out of `arms:`.";
  const findings = failedArms.map(({ arm, message }) => failed(`arm ${arm}`, message, change));
  return [{ name: startName, proves: "every arm of the experiment starts", skipped: false, findings }];
}

/** Parts that did not answer their first request are not asked again: each check would wait for its deadline. */
function unusableParts(
  stack: PreflightContext["stack"],
  findings: readonly Finding[],
): ReadonlyMap<Engine | RunningArm, string> {
  const parts: readonly (Engine | RunningArm)[] = [...enginesOf(stack), ...stack.arms];
  return new Map(
    parts.flatMap((part) => {
      const finding = findings.find(({ on }) => on === nameOf(part));
      return finding === undefined || finding.status === "ok"
        ? []
        : [
            [
              part,
              `the check generation ${finding.status === "failed" ? "failed" : "could not be made"} on it`,
            ],
          ];
    }),
  );
}
