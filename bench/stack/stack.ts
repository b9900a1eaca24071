import type { ArmSpec } from "../config/arm-schema.ts";
import type { TapClient } from "../tap/client.ts";
import type { RecordedEpisode } from "../workload/recorded-episode.ts";
import type { Engine } from "./engine.ts";

/** The system under test while it runs. Disposing it stops what it started and nothing else. */
export interface RunningStack extends AsyncDisposable {
  readonly kind: "embedded" | "attach" | "docker" | "process";
  readonly agentEngine: Engine;
  /** null where the work needs none. */
  readonly userEngine: Engine | null;
  readonly arms: readonly RunningArm[];
  /** Arms of the experiment that did not start. Nothing can be measured then, but the others can be asked. */
  readonly failedArms: readonly FailedArm[];
  /** Base URL (with /v1) of the user engine behind its tap; null without one. */
  readonly userBaseUrl: string | null;
  readonly tap: TapClient;
  /**
   * First process that this arm needs and that ended although nobody asked it to; null while all is well. One that every
   * arm needs comes before the arm's own gateway.
   */
  death(arm: string): StackDeath | null;
  /**
   * Starts the engine anew that a death is about, at the same address, and forgets the death. null where the engines are
   * not Tollgate's to start again. Throws StartError when it does not come up.
   */
  readonly revive: ((death: StackDeath) => Promise<void>) | null;
}

/** The model servers of a stack. */
export function enginesOf({
  agentEngine,
  userEngine,
}: Pick<RunningStack, "agentEngine" | "userEngine">): readonly Engine[] {
  return userEngine === null ? [agentEngine] : [agentEngine, userEngine];
}

export interface StackDeath {
  readonly part: "engine" | "user-engine" | "gateway" | "tap";
  /** The one arm that needs it; null when all do. */
  readonly arm: string | null;
  readonly message: string;
}

export interface FailedArm {
  readonly arm: string;
  /** Why, with the end of its log. */
  readonly message: string;
}

/** One way to reach the agent engine: outer tap -> (gateway ->) inner tap -> engine. */
export interface RunningArm {
  readonly spec: ArmSpec;
  /** Base URL (with /v1) of the arm's outer tap. */
  readonly baseUrl: string;
  /** False where the gateway's upstream is not ours to set: then nothing is known about the inner hop. */
  readonly innerTapped: boolean;
  /** Prometheus page of the gateway; null for an arm without one. */
  readonly metricsUrl: string | null;
  /** Version of a gateway of somebody else's; null where it does not tell. */
  readonly version?: string | null;
  /** Asked between cells; null where the gateway cannot be asked. Rejects when it does not answer. */
  readonly unclosedSessions?: (() => Promise<UnclosedSessions>) | null;
  /** `attemptKey` is unique among all attempts a gateway ever sees. Throws when the gateway gives no session. */
  openSession(attemptKey: string): Promise<ArmSession>;
}

/** What a gateway keeps that no episode needs any more: between cells it should be nothing. */
export interface UnclosedSessions {
  readonly sessions: number;
  /** null where the gateway does not tell. */
  readonly tensors: number | null;
}

/** What an arm needs per episode. For the raw arm it is only the engine's key. */
export interface ArmSession {
  readonly apiKey: string;
  /** null for an arm without sessions. */
  readonly startMs: number | null;
  /** Reports the reward and collects what the gateway recorded. Called once, also after a failed episode (reward null). */
  close(reward: number | null): Promise<ClosedSession>;
}

export interface ClosedSession {
  readonly rewardMs: number | null;
  readonly exportMs: number | null;
  /** Calls that the gateway says it recorded; null where it exports nothing (no session, or no reward). */
  readonly interactions: number | null;
  /** What the gateway recorded, for `tokens.jsonl`; null where it exports nothing. The driver fills in the episode. */
  readonly recorded: Omit<RecordedEpisode, "episodeId" | "attemptKey"> | null;
}
