import { expect, test } from "vitest";
import { chat } from "../../bench/agent/chat/agent.ts";
import { native } from "../../bench/agent/native/agent.ts";
import { sections } from "../../bench/commands/parts.ts";
import { experimentSchema } from "../../bench/config/experiment.ts";
import { workOf } from "../../bench/workload/work.ts";
import type { Workload } from "../../bench/workload/workload.ts";
import { openclawTau2 } from "../../openclaw-tau2/workload.ts";

const experiment = (agent: string) =>
  experimentSchema(sections).parse({
    name: "x",
    stack: { kind: "embedded" },
    agent: { kind: agent },
    workload: { domain: "library" },
  });

test("a plan names the agent that does the work", async () => {
  const plan = await workOf(openclawTau2, native).plan(experiment("native"), {});
  expect(plan.agent).toEqual({ name: "native", version: "tau2-llm-agent" });
});

test("a workload with tools refuses an agent that cannot call them, before anything is started", async () => {
  await expect(workOf(openclawTau2, chat).plan(experiment("chat"), {})).rejects.toThrow(
    /Workload tau2 needs tools, which agent chat cannot call\. Set agent\.kind/,
  );
});

test("an agent that lives on tools refuses a workload without", async () => {
  const bare: Workload = { ...openclawTau2, tools: "none" };
  await expect(workOf(bare, native).plan(experiment("native"), {})).rejects.toThrow(
    /has no tools, without which agent native does not work/,
  );
});
