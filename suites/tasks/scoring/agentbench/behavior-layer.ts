import { posix } from "node:path";
import type { WorkspaceTask } from "../../contract/task.ts";
import { changesFiles, editsInPlace, namesFile, shellOf } from "../calls/call-effects.ts";
import { recoveryFacts } from "../calls/facts.ts";
import type { ObservedCall, Observation } from "../../contract/observation.ts";
import type { ShellSegment } from "../../shell/shell-segments.ts";
import type { LayerScore } from "./layers.ts";

const ADHERENCE = 30;
const TOOLS = 25;
const APPROACH = 25;
const RECOVERY = 20;

/**
 * LayerScore 2: how the agent went about it. Tools, approach and recovery follow from what it did; whether it adhered to its
 * instructions only a judge can say, and without one the layer is made of the other three.
 */
export function behaviorLayer({ task, calls, judgements, unjudged }: Observation): LayerScore {
  const judgement = judgements["layer2"];
  const adherence = judgement === undefined ? null : (ADHERENCE * judgement.score) / 100;
  const tools = toolPoints(calls);
  const approach = approachPoints(task, calls);
  const recovery = recoveryPoints(calls);
  const possible = TOOLS + APPROACH + RECOVERY + (adherence === null ? 0 : ADHERENCE);
  return {
    score: (100 * (tools + approach + recovery + (adherence ?? 0))) / possible,
    points: { adherence, tools, approach, recovery },
    missing: adherence === null ? { adherence: unjudged["layer2"] ?? "no judge is named" } : {},
  };
}

/** Points are taken away for each use of a shell where there is a tool for the same. */
export function toolPoints(calls: readonly ObservedCall[]): number {
  const penalties = calls.flatMap((call) => {
    const segments = shellOf(call);
    return segments.map((segment, at) => penaltyOf(segment, segments[at + 1]));
  });
  return Math.max(0, TOOLS - penalties.reduce((sum, penalty) => sum + penalty, 0));
}

function penaltyOf(segment: ShellSegment, next: ShellSegment | undefined): number {
  const [program = "", ...rest] = segment.words;
  const name = posix.basename(program);
  const files = rest.filter((word) => !word.startsWith("-"));
  const writes =
    segment.writesTo.length > 0 ||
    (segment.isPiped && next !== undefined && posix.basename(next.words[0] ?? "") === "tee");
  if (name === "cat") {
    // With a redirection it creates a file; with a text of its own and no redirection it only says something.
    return writes || (files.length > 0 && !segment.hasHereDocument) ? 10 : 0;
  }
  if (name === "echo" || name === "printf") return writes ? 10 : 0;
  if (name === "sed" || /^g?awk$/u.test(name)) return writes || editsInPlace(name, rest) ? 5 : 0;
  return 0;
}

/** Whether the agent looked at what it was given before it changed anything. */
export function approachPoints(task: WorkspaceTask, calls: readonly ObservedCall[]): number {
  const inputs = task.inputs.map(({ to }) => posix.normalize(to)).filter((to) => to !== ".");
  const isFolderGiven = task.inputs.length > inputs.length || task.setup !== null;
  if (inputs.length === 0 && !isFolderGiven) return APPROACH;
  if (calls.length === 0) return 0;
  const first = calls.findIndex((call) => changesFiles(call));
  const looking = calls
    .slice(0, first === -1 ? calls.length : first)
    .filter((call) => !call.error && !changesFiles(call));
  if (inputs.length === 0) return looking.length > 0 ? APPROACH : 5;
  const read = inputs.filter((path) => looking.some((call) => namesFile(call, path)));
  if (read.length === inputs.length) return APPROACH;
  return read.length > inputs.length / 2 ? 15 : 5;
}

export function recoveryPoints(calls: readonly ObservedCall[]): number {
  const { failedCalls, recoveredCalls } = recoveryFacts(calls);
  if (recoveredCalls === failedCalls) return RECOVERY;
  return recoveredCalls > 0 ? 10 : 0;
}
