import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { loadScenarios } from "../../../bench/simulator/policy/scenario.ts";
import { post } from "../client.ts";
import { startEngine } from "../engine-process.ts";
import { writeExampleData } from "./example-data.ts";
import { playEpisode, type SeenCall } from "./golden-loop.ts";

const shared = process.env["TOLLGATE_SHARED"] ?? "../shared";
const agentTools = ["get_order", "refund"];
const userTools = ["reboot", "toggle"];
const look: SeenCall = {
  requestor: "assistant",
  name: "get_order",
  argumentsText: '{"id": "#W1", "10": 1, "2": 2}',
};
const pay: SeenCall = {
  requestor: "assistant",
  name: "refund",
  argumentsText: '{"amount": 2.0, "tip": 2, "big": 1000.0, "who": "Zoë"}',
};
const check: SeenCall = { requestor: "assistant", name: "get_order", argumentsText: "{}" };

/** Plays tasks of the example domain on two fresh engines with the given flags. */
async function play(tasks: readonly string[], flags: readonly string[] = []) {
  using example = writeExampleData();
  const args = ["--data", example.data, "--schemas", example.schemas, ...flags];
  await using agent = await startEngine(args, "agent");
  await using user = await startEngine(args, "user");
  const episodes = [];
  for (const task of tasks)
    episodes.push(
      await playEpisode({
        agentUrl: agent.url,
        userUrl: user.url,
        reference: `shop/${encodeURIComponent(task)}/0`,
        agentTools,
        userTools,
      }),
    );
  return episodes;
}

test("the golden actions of both sides are carried out in order and the customer stops", async () => {
  const [plain, both, talk, nothing] = await play(["plain", "both [sides]|x", "talk", "nothing"]);
  expect(plain?.calls).toEqual([look, pay, check]);
  expect(plain?.userTexts[0]).toBe("[ref shop/plain/0] You want a refund.");
  expect(plain?.agentTexts.at(-1)).toBe(
    "I have finished what you asked for. Here is what you should know: 327; Boston. Is there anything else I can help you with?",
  );
  expect(both?.userTexts[0]).toBe("[ref shop/both%20%5Bsides%5D%7Cx/0] My phone is broken.");
  expect(both?.calls).toEqual([
    { requestor: "user", name: "reboot", argumentsText: "{}" },
    { requestor: "assistant", name: "refund", argumentsText: '{"amount": 1}' },
    { requestor: "user", name: "toggle", argumentsText: '{"on": true}' },
  ]);
  expect(talk?.agentTexts).toEqual([
    "I have finished what you asked for. Here is what you should know: 42. Is there anything else I can help you with?",
  ]);
  expect(nothing?.calls).toEqual([]);
  expect([plain, both, talk, nothing].map((episode) => episode?.stopped)).toEqual([true, true, true, true]);
});

test("an error episode lacks the last state-changing action, or the facts where there is none", async () => {
  const [plain, both, talk] = await play(["plain", "both [sides]|x", "talk"], ["--error-rate", "1"]);
  expect(plain?.calls).toEqual([look, check]);
  expect(plain?.agentTexts.at(-1)).toContain("327; Boston");
  expect(both?.calls.map(({ name }) => name)).toEqual(["reboot", "toggle"]);
  expect(talk?.agentTexts.at(-1)).not.toContain("42");
  expect([plain, both, talk].map((episode) => episode?.stopped)).toEqual([true, true, true]);
});

test("--drop leaves out just the named actions", async () => {
  const drops = ["--drop", "plain:look", "--drop", "both [sides]|x:reboot_0"];
  const [plain, both] = await play(["plain", "both [sides]|x"], drops);
  expect(plain?.calls).toEqual([pay, check]);
  expect(both?.calls.map(({ name }) => name)).toEqual(["refund", "toggle"]);
});

test("a tool that is not offered is not called, and the episode still ends", async () => {
  using example = writeExampleData();
  await using agent = await startEngine(["--data", example.data], "agent");
  await using user = await startEngine(["--data", example.data], "user");
  const urls = { agentUrl: agent.url, userUrl: user.url };
  const plain = await playEpisode({
    ...urls,
    reference: "shop/plain/0",
    agentTools: ["refund"],
    userTools: [],
  });
  expect(plain.calls).toEqual([]);
  expect(plain.agentTexts).toEqual([
    "I cannot call get_order because I do not have that tool. Is there anything else I can help you with?",
  ]);
  const reference = `shop/${encodeURIComponent("both [sides]|x")}/0`;
  const both = await playEpisode({ ...urls, reference, agentTools, userTools: [] });
  expect(both.userTexts.slice(1, 3)).toEqual([
    "I cannot do that. [cannot 0]",
    "I cannot do that. [cannot 2]",
  ]);
  expect(both.stopped).toBe(true);
});

test("an episode of a task that was not loaded is refused", async () => {
  using example = writeExampleData();
  await using user = await startEngine(["--data", example.data], "user");
  const messages = [{ role: "user", content: "Hi!" }];
  const answer = (reference: string) =>
    post(`${user.url}/v1/chat/completions`, { messages }, { "x-tollgate-ref": reference });
  expect((await answer("shop/absent/0")).json()).toEqual({
    object: "error",
    message:
      "Simulator: x-tollgate-ref names task absent of domain shop, which was not loaded (loaded: shop).",
    type: "BadRequestError",
    param: null,
    code: 400,
  });
  expect((await answer("shop")).status).toBe(400);
});

const domains = ["mock", "airline", "retail", "telecom"];
const data = path.join(shared, "tau2/data");
test.skipIf(!existsSync(data))("every task of tau2 can be read, with the numbers of its file", () => {
  const book = loadScenarios({ data, domains, schemas: path.join(shared, "tau2/golden") });
  const compact = (text: string) => text.replaceAll(/\s/g, "");
  for (const domain of domains) {
    const file = readFileSync(path.join(data, "tau2/domains", domain, "tasks.json"), "utf8");
    const tasks = JSON.parse(file) as { id: string; evaluation_criteria: { actions?: unknown[] } | null }[];
    const plain = compact(file);
    for (const task of tasks) {
      const scenario = book.find(domain, task.id);
      expect(scenario?.actions).toHaveLength(task.evaluation_criteria?.actions?.length ?? 0);
      if (domain === "telecom") continue;
      for (const { argumentsText } of scenario?.actions ?? [])
        expect(plain.includes(compact(argumentsText)), `${domain} ${task.id}: ${argumentsText}`).toBe(true);
    }
  }
});
