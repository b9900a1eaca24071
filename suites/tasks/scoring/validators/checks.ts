import type { Sandbox } from "../../../../bench/sandbox/sandbox.ts";
import type { WorkspaceTask } from "../../contract/task.ts";
import type { FileStates } from "./file-state.ts";
import type { ObservedCall, ObservedTurn } from "../../contract/observation.ts";

/** Where a task's validators and checks look. Nothing in it is trusted: it is what an agent left behind. */
export interface CheckedWorkspace {
  readonly task: WorkspaceTask;
  readonly sandbox: Sandbox;
  /** The workspace on this machine. */
  readonly hostDirectory: string;
  /** What `{name}` stands for in ClawBench's paths, commands and texts. */
  readonly values: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** What was there after setup and before the agent. */
export interface Baseline {
  /** What each file was, by relative path. */
  readonly files: FileStates;
  /** Texts of the files that checks compare with, by relative path. */
  readonly expectedTexts: ReadonlyMap<string, string>;
}

export interface CheckedTurn {
  readonly index: number;
  readonly turn: ObservedTurn;
}

export interface CheckedAttempt {
  readonly turns: readonly ObservedTurn[];
  readonly calls: readonly ObservedCall[];
  /** As `Observation.crash`. */
  readonly crash: string | null;
}
