import { expect, test } from "vitest";
import { toolForms } from "../../bench/export/sft-tools.ts";
import type { InlinedTrajectory } from "../../bench/export/inlined-trajectory.ts";

const sent = '[{"type":"function","function":{"name":"f","parameters":{"type":"object","x":1.0}}}]';
const forms = {
  "sglang-0.5.10":
    '[{"type":"function","function":{"description":null,"name":"f","parameters":{"type":"object","x":1.0},"strict":false}}]',
  "sglang-0.5.23":
    '[{"type":"function","function":{"name":"f","parameters":{"type":"object","x":1.0},"description":null},"defer_loading":null}]',
  "as-sent": sent,
};

const of = (recorded: object | null) => toolForms({ tools: sent, recorded } as unknown as InlinedTrajectory);

test.each(Object.entries(forms))("a recording at L2 that learned %s is rendered so", (toolForm, expected) => {
  expect(of({ level: "L2", toolForm })[0]).toBe(expected);
});

test("a recording at L2 of before that was learned is rendered as the gateway did then", () => {
  expect(of({ level: "L2" })[0]).toBe(forms["sglang-0.5.10"]);
});

test("where the engine rendered, every form is tried, each once, as sent first", () => {
  for (const recorded of [null, { level: "L0" }, { level: "L1" }]) {
    const tried = of(recorded);
    expect(tried[0]).toBe(sent);
    expect(tried).toEqual(expect.arrayContaining(Object.values(forms)));
    expect(new Set(tried).size).toBe(tried.length);
  }
});
