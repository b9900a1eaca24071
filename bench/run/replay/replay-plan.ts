import type { ArmSpec } from "../../config/arm-schema.ts";
import { closestWord } from "../../config/closest-word.ts";
import { ConfigError } from "../../errors.ts";
import { loadText, parseLoad } from "../../load/schedule.ts";
import { parseMargin } from "../../statistics/margin.ts";
import { cacheModes, type ReplayArm, type ReplayPlan } from "../../store/replay-plan.ts";
import type { Recording } from "../../evidence/recording.ts";
import { blocksMin } from "../../analysis/replay/interim-analyses.ts";

/** What a user writes on the command line, as text. */
export interface ReplayRequest {
  readonly arms: string;
  readonly order: string;
  readonly repetitions: number;
  readonly load: string;
  readonly cache: string;
  readonly until: string | null;
  readonly margin: string | null;
  readonly maxTokens: number;
  readonly thinkScale: number;
  readonly seed: number;
  /** A/A and placebo beside the arms. */
  readonly floor: boolean;
}

/** Arms that need no declaration. */
const builtIn: readonly ArmSpec[] = [
  { kind: "raw", name: "raw" },
  { kind: "null-proxy", name: "null-proxy" },
];

/** The experiment's arms and those that need no declaration. */
export function knownArms(declared: readonly ArmSpec[]): readonly ArmSpec[] {
  return [...declared, ...builtIn.filter(({ name }) => declared.every((arm) => arm.name !== name))];
}

/**
 * What a replay will do.
 * @throws {ConfigError} for anything that cannot be meant
 */
export function planReplay(
  request: ReplayRequest,
  given: {
    readonly runId: string;
    readonly recording: Recording;
    readonly arms: readonly ArmSpec[];
    readonly temperature: number;
  },
): ReplayPlan {
  check(request);
  const { recording } = given;
  return {
    source: { runId: given.runId, cellId: recording.cell.cellId, arm: recording.cell.arm },
    conversations: recording.conversations.length,
    requests: recording.conversations.reduce((sum, { requests }) => sum + requests.length, 0),
    arms: plannedArms(request, given.arms),
    settings: wordsOf(request.cache).flatMap((word) => {
      const cache = cacheModes.find((mode) => mode === word);
      if (cache === undefined)
        throw new ConfigError(`--cache ${word} is not known; write ${cacheModes.join(", ")}.`);
      return wordsOf(request.load).map((text) => {
        const load = loadText(parseLoad(text));
        return { key: `${cache}-${load.replaceAll(":", "-")}`, cache, load };
      });
    }),
    order: "abba",
    blocks: request.repetitions,
    until: request.until,
    margin: request.margin,
    maxTokens: request.maxTokens,
    temperature: given.temperature,
    thinkScale: request.thinkScale,
    seed: request.seed,
  };
}

function check({ order, repetitions, until, margin, maxTokens, thinkScale }: ReplayRequest): void {
  if (order !== "abba") throw new ConfigError(`--order ${order} is not known; the one order is abba.`);
  if (!Number.isInteger(repetitions) || repetitions < blocksMin)
    throw new ConfigError(`--repetitions has to be ${blocksMin} or more: fewer blocks give no interval.`);
  for (const [flag, text] of [
    ["--until", until],
    ["--margin", margin],
  ] as const) {
    if (text !== null && parseMargin(text) === null)
      throw new ConfigError(`${flag} ${text} is neither a time nor a share; write e.g. ±1ms or ±1%.`);
  }
  if (!Number.isInteger(maxTokens) || maxTokens < 1)
    throw new ConfigError("--max-tokens has to be 1 or more.");
  if (!(thinkScale >= 0)) throw new ConfigError("--think has to be 0 or more; 1 keeps the recorded pauses.");
}

function wordsOf(text: string): readonly string[] {
  return text.split(",").map((word) => word.trim());
}

function plannedArms({ arms, floor }: ReplayRequest, known: readonly ArmSpec[]): ReplayArm[] {
  const names = wordsOf(arms);
  const planned = names.map((name, at): ReplayArm => {
    const spec = known.find((arm) => arm.name === name);
    if (spec === undefined) throw new ConfigError(unknownArm(name, known));
    const before = names.slice(0, at).filter((other) => other === name).length;
    const label = before === 0 ? name : `${name}.${before + 1}`;
    const part = at === 0 ? "baseline" : name === names[0] ? "again" : "compared";
    return {
      label,
      arm: name,
      kind: spec.kind,
      part: spec.kind === "null-proxy" && at > 0 ? "placebo" : part,
    };
  });
  const [baseline] = planned;
  if (baseline === undefined || !floor) return planned;
  const has = (wanted: ReplayArm["part"]) => planned.some(({ part }) => part === wanted);
  return [
    ...planned,
    ...(has("again") ? [] : [{ ...baseline, label: `${baseline.label}.2`, part: "again" as const }]),
    ...(has("placebo") || baseline.kind !== "raw" ? [] : [placebo]),
  ];
}

const placebo: ReplayArm = { label: "null-proxy", arm: "null-proxy", kind: "null-proxy", part: "placebo" };

function unknownArm(name: string, known: readonly ArmSpec[]): string {
  const names = known.map((arm) => arm.name);
  const near = closestWord(name, names);
  return `There is no arm ${name}.${near ? ` Did you mean ${near}?` : ""} Known: ${names.join(", ")}; further ones with --set arms=[...].`;
}
