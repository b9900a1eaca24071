import * as fc from "fast-check";
import { expect, test } from "vitest";
import { agentMetrics, passHatK } from "../../../../openclaw-tau2/tau2/verify/metrics.ts";
import type { ScoredSimulation } from "../../../../openclaw-tau2/tau2/verify/metrics.ts";

function simulation(
  taskId: string,
  reward: number | null,
  terminationReason = "user_stop",
): ScoredSimulation {
  return { taskId, reward, terminationReason, agentCost: null, databaseMatch: null, actions: [] };
}

test("pass^k is the share of k-subsets of the trials that only hold successes", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }), fc.nat(), (trials, draw) => {
      const k = (draw % trials.length) + 1;
      const subsets = Array.from({ length: 2 ** trials.length }, (_, bits) =>
        trials.filter((_trial, index) => (bits >> index) % 2 === 1),
      ).filter((subset) => subset.length === k);
      const won = subsets.filter((subset) => subset.every(Boolean)).length;
      expect(passHatK(trials.length, trials.filter(Boolean).length, k)).toBeCloseTo(won / subsets.length, 12);
    }),
  );
  expect(() => passHatK(2, 1, 3)).toThrow("Number of trials 2 is less than k 3.");
});

test("infrastructure errors and unjudged simulations are removed before anything is counted", () => {
  const metrics = agentMetrics(
    [
      simulation("a", 1),
      simulation("a", 0),
      simulation("a", null, "infrastructure_error"),
      simulation("b", 1),
      simulation("b", 1, "max_steps"),
      simulation("gone", null, "infrastructure_error"),
      simulation("unjudged", null),
    ],
    4,
  );
  expect(metrics).toEqual({
    avg_reward: 0.75,
    pass_hat_ks: { "1": 0.75, "2": 0.5 },
    avg_agent_cost: 0,
    total_simulations: 4,
    total_tasks: 2,
    infra_error_count: 2,
    total_read_actions: 0,
    correct_read_actions: 0,
    total_write_actions: 0,
    correct_write_actions: 0,
    db_match_count: 0,
    db_mismatch_count: 0,
    db_not_checked: 4,
    termination_user_stop: 3,
    termination_agent_stop: 0,
    termination_max_steps: 1,
    termination_error: 0,
    termination_infrastructure_error: 2,
  });
});
