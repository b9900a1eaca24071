import type { Experiment } from "../../config/experiment.ts";
import type { PullPolicy } from "../../docker/images.ts";
import type { Engine } from "../engine.ts";
import type { ChildContext } from "../own-program.ts";
import type { Own } from "../part.ts";
import type { ArmSession, UnclosedSessions } from "../stack.ts";

/** What the stack has to know of a kind of arm. All kinds are in start/arm-kinds.ts. */
export interface ArmKind<Spec> {
  /** Whether it can keep the token ids of its calls, so that `tollgate collect` may use it; absent: it cannot. */
  readonly records?: true;
  /** Starts what the arm needs, or finds it. */
  start(spec: Spec, context: ArmContext): Promise<ArmTarget>;
  /** What `start` would do, for a person who does it by hand; absent where it starts no program of somebody else's. */
  plan?(spec: Spec, place: ArmPlace): readonly PlannedStep[];
  /** Where the inner tap listens, null for no inner tap; absent: at any free port. */
  innerTap?(spec: Spec): { readonly port?: number } | null;
}

/** Words of a command line, or a line for a shell that is ready as it is. */
export type PlannedStep = readonly string[] | string;

/** What arms of every kind are given. */
export interface ArmContext extends ChildContext {
  readonly agentEngine: Engine;
  /** Origin of the arm's inner tap, behind which the agent engine is; without an inner tap the engine's own. */
  readonly engineUrl: string;
  readonly stackKind: Experiment["stack"]["kind"];
  /** The first of the arm's ten ports in a Docker stack, whose ports all follow from one base; null elsewhere. */
  readonly firstPort: number | null;
  /** Longest model call of the agent. */
  readonly callSeconds: number;
  /** Secret of the gateways' admin interface, made for this run. */
  readonly adminKey: string;
  /** Gone when the run is; for what an arm's program reads. */
  readonly scratchDirectory: string;
  /** Holds keys of servers of others, and Docker's own settings. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For images of arms. */
  readonly pull: PullPolicy;
  readonly tell: (line: string) => void;
  readonly own: Own;
}

/** What is known of an arm's place before anything runs; words such as `$MODEL` stand for the rest. */
export interface ArmPlace {
  readonly engineUrl: string;
  readonly model: string;
  readonly adminKey: string;
  /** First of the arm's ports. */
  readonly port: number;
  /** Longest prompt plus output of the engine in tokens; null where it is not known. */
  readonly contextLength: number | null;
  readonly callSeconds: number;
  readonly startSeconds: number;
}

/** Where requests of an arm go after the outer tap. */
export interface ArmTarget {
  /** Base URL without /v1. */
  readonly url: string;
  readonly metricsUrl: string | null;
  /** Key that the agent sends; null for the engine's own. */
  readonly apiKey: string | null;
  /** Sent with every request, in place of the agent's own of that name; absent: none. May hold keys. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** null for an arm without sessions: then every request carries `apiKey`. */
  readonly openSession: ((attemptKey: string) => Promise<ArmSession>) | null;
  /** Version of the program, for the run's evidence; null where it does not tell, absent where there is none of others. */
  readonly version?: string | null;
  /** What the gateway still holds; absent where it cannot be asked. */
  readonly unclosedSessions?: (() => Promise<UnclosedSessions>) | null;
}
