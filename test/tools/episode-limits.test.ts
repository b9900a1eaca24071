import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LimitCounter } from "../../bench/tools/episode-limits.ts";

interface Script {
  /** One entry per thing that the agent does: a round of calls (each failing or not), or a text for the user. */
  readonly actions: readonly ("text" | readonly boolean[])[];
  readonly maxSteps: number;
  readonly maxErrors: number;
}

/** tau2's loop as its orchestrator runs it: after each step it looks at the limits, except when tools run next. */
function tau2({ actions, maxErrors, maxSteps }: Script) {
  let [steps, errors, executed] = [0, 0, 0];
  let reason: string | null = null;
  for (const action of actions) {
    steps += 1;
    if (action === "text") {
      // The agent's text, then the user's answer: a step each.
      if (steps < maxSteps && errors < maxErrors) steps += 1;
    } else {
      steps += 1;
      executed += action.length;
      errors += action.filter(Boolean).length;
    }
    if (steps >= maxSteps) reason = "max_steps";
    if (errors >= maxErrors) reason = "too_many_errors";
    if (reason !== null) break;
  }
  return { steps, errors, executed, reason };
}

/** The same script against the counter: every call is tried, the harness adds the steps of texts. */
function counted({ actions, maxErrors, maxSteps }: Script) {
  const counter = new LimitCounter({ maxErrors, maxSteps, callTimeoutMs: 1 });
  let executed = 0;
  for (const [index, action] of actions.entries()) {
    if (counter.counts().limit !== null) break;
    if (action === "text") {
      counter.addSteps(1);
      if (counter.counts().limit === null) counter.addSteps(1);
      continue;
    }
    for (const failed of action) {
      if (!counter.admit(`request-${index}`)) continue;
      executed += 1;
      counter.record("assistant", failed);
    }
  }
  const { errors, limit, steps } = counter.counts();
  return { steps, errors, executed, reason: limit };
}

test("limits end an episode exactly where tau2 ends it", () => {
  const round = fc.array(fc.boolean(), { minLength: 1, maxLength: 4 });
  const actions = fc.array(fc.oneof(fc.constant("text" as const), round), { maxLength: 12 });
  const limit = fc.integer({ min: 1, max: 12 });
  fc.assert(
    fc.property(fc.record({ actions, maxSteps: limit, maxErrors: limit }), (script) => {
      expect(counted(script)).toEqual(tau2(script));
    }),
    { numRuns: 1_000 },
  );
});

test("without request ids every call is a round of its own", () => {
  const counter = new LimitCounter({ maxSteps: 4, maxErrors: 10, callTimeoutMs: 1 });
  expect([counter.admit(null), counter.admit(null), counter.admit(null)]).toEqual([true, true, false]);
  expect(counter.counts().steps).toBe(4);
});
