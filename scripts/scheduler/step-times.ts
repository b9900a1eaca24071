import { z } from "zod";

/** How long the steps of an engine take, in the words of the simulator's flags. */
export interface StepTimes {
  readonly stepMs: number;
  readonly stepMsPerRequest: number;
  readonly prefillTokensPerSecond: number;
}

/** What the engine's own processes add. */
export interface HostTimes {
  /** To each step. */
  readonly stepMs: number;
  readonly stepMsPerRequest: number;
  /** To a prefill step beyond that. */
  readonly prefillMs: number;
}

const variables = z.object({
  TIMING_STEP_MS: z.coerce.number().positive(),
  TIMING_STEP_MS_PER_REQUEST: z.coerce.number().min(0),
  TIMING_PREFILL_TOKENS_PER_SECOND: z.coerce.number().positive(),
});

/** The times that an experiment gives the plugin. @throws {z.ZodError} where one is missing */
export function stepTimesOf(environment: Readonly<Record<string, string>>): StepTimes {
  const given = variables.parse(environment);
  return {
    stepMs: given.TIMING_STEP_MS,
    stepMsPerRequest: given.TIMING_STEP_MS_PER_REQUEST,
    prefillTokensPerSecond: given.TIMING_PREFILL_TOKENS_PER_SECOND,
  };
}

/** Flags with which a step of the simulator takes as long as a pass with the plugin; with host times, as long as until the next one. */
export function simulatorFlags(times: StepTimes, host: HostTimes | null): readonly string[] {
  const flags = {
    "decode-step-ms": times.stepMs,
    "decode-step-ms-per-request": times.stepMsPerRequest,
    "prefill-tokens-per-second": times.prefillTokensPerSecond,
    "prefill-step-ms": times.stepMs + (host?.prefillMs ?? 0),
    ...(host === null
      ? {}
      : { "host-step-ms": host.stepMs, "host-step-ms-per-request": host.stepMsPerRequest }),
  };
  return Object.entries(flags).map(([flag, value]) => `--${flag}=${Number(value.toFixed(4))}`);
}
