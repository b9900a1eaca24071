import { expect, test } from "vitest";
import { parseSimulatorArguments } from "../../../bench/simulator/arguments.ts";
import { simulatorFlags, stepTimesOf } from "../../../scripts/scheduler/step-times.ts";

const environment = {
  PYTHONPATH: "x",
  TIMING_STEP_MS: "12",
  TIMING_STEP_MS_PER_REQUEST: "0.15",
  TIMING_PREFILL_TOKENS_PER_SECOND: "20000",
};

test("the simulator is told the plugin's times, and takes them", () => {
  const flags = simulatorFlags(stepTimesOf(environment), {
    stepMs: 1.5,
    stepMsPerRequest: 0.02,
    prefillMs: 2.5,
  });
  expect(parseSimulatorArguments(["--role=agent", "--port=0", ...flags])).toMatchObject({
    decodeStepMs: 12,
    decodeStepMsPerRequest: 0.15,
    prefillStepMs: 14.5,
    prefillTokensPerSecond: 20_000,
    hostStepMs: 1.5,
    hostStepMsPerRequest: 0.02,
  });
});

test("an experiment without the plugin's times is refused by the name of what is missing", () => {
  const { TIMING_STEP_MS: _left, ...others } = environment;
  expect(() => stepTimesOf(others)).toThrow(/TIMING_STEP_MS/);
});
