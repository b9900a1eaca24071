import type { TapClient } from "../../tap/client.ts";
import type { Engine } from "../engine.ts";
import type { Own } from "../part.ts";
import type { UnclosedSessions, ArmSession } from "../stack.ts";
import type { StartStackOptions } from "../start-stack.ts";

export interface ArmContext {
  readonly options: StartStackOptions;
  readonly tap: TapClient;
  readonly agentEngine: Engine;
  readonly own: Own;
}

/** What an arm's gateway forwards to. */
export interface ArmUpstream extends ArmContext {
  /** Origin of the arm's inner tap, behind which the agent engine is. */
  readonly engineUrl: string;
}

/** Where requests of an arm go after the outer tap. */
export interface ArmTarget {
  /** Base URL without /v1. */
  readonly url: string;
  readonly metricsUrl: string | null;
  /** Key that the agent sends; null for the engine's own. */
  readonly apiKey: string | null;
  /** null for an arm without sessions: then every request carries `apiKey`. */
  readonly openSession: ((attemptKey: string) => Promise<ArmSession>) | null;
  /** Version of the program, for the run's evidence; null where it does not tell, absent where there is none of others. */
  readonly version?: string | null;
  /** What the gateway still holds; absent where it cannot be asked. */
  readonly leftovers?: (() => Promise<UnclosedSessions>) | null;
}
