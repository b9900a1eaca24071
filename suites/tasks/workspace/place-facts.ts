import type { SandboxKind } from "../../../bench/sandbox/sandbox.ts";
import type { ScriptRun } from "./run-script.ts";
import type { ServiceReport } from "./services.ts";

/** What was done around the agent's work, for the evidence. */
export interface PlaceFacts {
  readonly sandbox: SandboxKind;
  readonly setup: ScriptRun | null;
  readonly teardown: ScriptRun | null;
  readonly services: readonly ServiceReport[];
  /** Where a copy of the workspace is kept, beside this file; null: it is not. */
  readonly workspace: string | null;
  /** Until the agent could begin, without and of which setup.sh; and from the agent's end to the score. Milliseconds. */
  readonly ms: { readonly open: number; readonly setup: number; readonly scoring: number };
}
