import type { AttemptContext } from "../../../bench/workload/workload.ts";
import type { AttemptLine } from "../attempts/attempt-line.ts";
import type { Observation } from "../contract/observation.ts";
import type { TaskScore } from "../contract/scoring-profile.ts";
import { profiles } from "../scoring/profiles.ts";
import type { TaskPlace, UnfitPlace } from "../workspace/open-place.ts";
import type { PlaceFacts } from "../workspace/place-facts.ts";
import type { ScriptRun } from "../workspace/run-script.ts";
import type { TasksParts } from "./parts.ts";

/** The file of a segment's folder that holds a line for each attempt. */
const attemptsFile = "tasks.ndjson";

interface EndedAttempt {
  readonly attempt: AttemptContext;
  readonly observation: Observation;
  readonly score: TaskScore | null;
  readonly place: TaskPlace | UnfitPlace;
  /** null: there was nothing to close. */
  readonly closed: { readonly workspace: string | null; readonly teardown: ScriptRun | null } | null;
  readonly scoringMs: number;
}

/** Appends the attempt to the segment's evidence. The episode's record comes after it: an attempt that has one has a line. */
export async function keepAttempt(parts: TasksParts, ended: EndedAttempt): Promise<void> {
  const { attempt, observation, score } = ended;
  const { name, suiteVersion: version } = parts.suite;
  const { format } = observation.task.profile;
  const line: AttemptLine & { readonly place: PlaceFacts } = {
    v: 1,
    episodeId: attempt.episodeId,
    attemptKey: attempt.attemptKey,
    suite: { name, version },
    profile: { format, version: profiles[format].version },
    observation,
    score,
    place: placeFacts(parts, ended),
  };
  await attempt.evidence.append(attemptsFile, line);
}

function placeFacts({ maker }: TasksParts, { place, closed, scoringMs }: EndedAttempt): PlaceFacts {
  const setupMs = place.setup?.durationMs ?? 0;
  const open = "openedMs" in place ? place.openedMs - setupMs : 0;
  return {
    sandbox: maker.sandboxes.kind,
    setup: place.setup,
    teardown: closed?.teardown ?? null,
    services: "fault" in place ? place.services : place.services.reports(),
    workspace: closed?.workspace ?? null,
    ms: { open: rounded(open), setup: rounded(setupMs), scoring: rounded(scoringMs) },
  };
}

const rounded = (ms: number) => Math.round(ms * 10) / 10;
