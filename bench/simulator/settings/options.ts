import type { SglangVersion } from "../../config/simulator-schema.ts";

/** Everything that decides how a simulated engine behaves. */
export interface SimulatorOptions {
  readonly role: "agent" | "user";
  /** Flags that were given; SGLang writes null for a setting that nobody set. */
  readonly given: readonly string[];
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** Served model name. */
  readonly model: string;
  /** Who plays the model. */
  readonly policy: "tau2" | "answers" | "scripts" | "knowledge";
  /** What the policy reads, e.g. the folder that holds `tau2/`; null = no tasks. */
  readonly data: readonly string[];
  /** Domains to load; empty = all of `data`. */
  readonly domains: readonly string[];
  readonly schemas: string | null;
  readonly errorRate: number;
  /** Share of prompts that policy `knowledge` answers well; absent: 1. */
  readonly correct?: number | undefined;
  /** Tokens of a prompt that are kept, its last ones; absent: all. */
  readonly truncatePrompt?: number | undefined;
  readonly seed: number;
  /** `name` or `name=value`, see faults.ts. */
  readonly faults: readonly string[];
  /** Golden actions to leave out, as `taskId:actionId`. */
  readonly drop: readonly string[];
  readonly maxRunningRequests: number;
  readonly prefillTokensPerSecond: number;
  readonly decodeStepMs: number;
  readonly decodeStepMsPerRequest: number;
  readonly prefillStepMs: number;
  readonly hostStepMs: number;
  readonly hostStepMsPerRequest: number;
  readonly contextLength: number;
  /** Version of SGLang that it behaves as. */
  readonly sglang: SglangVersion;
  readonly radixCache: boolean;
  /** false: `GET /metrics` is 404, as on a server without --enable-metrics. */
  readonly metrics: boolean;
  /** false: `usage` says nothing about cached tokens, as on a server without --enable-cache-report. */
  readonly cacheReport: boolean;
  /** File that gets one line of JSON per request; null = only `GET /simulator/log`. */
  readonly logFile: string | null;
}

/** Memory of the simulated KV cache, in tokens. */
export const poolTokens = 1_048_576;
/** SGLang's default on a large GPU. */
export const chunkedPrefillSize = 8192;
