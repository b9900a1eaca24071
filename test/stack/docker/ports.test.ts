import * as fc from "fast-check";
import { expect, test } from "vitest";
import { armPort, listening, portsOf } from "../../../bench/stack/docker/ports.ts";
import { dockerStack } from "./docker-facts.ts";

test("no two programs of a stack get one port, whatever the base and however many arms", () => {
  const base = fc.integer({ min: 1024, max: 60_000 });
  fc.assert(
    fc.property(base, fc.integer({ min: 1, max: 20 }), (basePort, arms) => {
      const { agent, user } = portsOf({ basePort });
      // An arm may take ten ports; SGLang takes its HTTP port + 233 by itself.
      const ofArms = Array.from({ length: arms * 10 }, (_, at) => armPort({ basePort }, 0) + at);
      const all = [agent, user].flatMap(({ http, nccl }) => [http, nccl, http + 233]);
      expect(new Set([...all, ...ofArms]).size).toBe(all.length + ofArms.length);
      expect(armPort({ basePort }, arms - 1)).toBe(ofArms.at(-10));
    }),
  );
});

test("the plan names who listens where, arms by their place in the experiment", () => {
  const ports = listening(dockerStack({ basePort: 20_000 }), [{ name: "gateway", index: 2 }]);
  expect([...ports]).toEqual([
    [20_000, "agent engine"],
    [20_050, "agent engine, NCCL"],
    [20_100, "user engine"],
    [20_150, "user engine, NCCL"],
    [20_420, "arm gateway"],
  ]);
});
