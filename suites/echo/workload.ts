import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import type { AgentDriver } from "../../bench/agent/agent.ts";
import { samplingFields } from "../../bench/agent/sampling.ts";
import type { Experiment } from "../../bench/config/experiment.ts";
import { trialsSetting } from "../../bench/config/section.ts";
import { readTurn } from "../../bench/agent/transcript/read-turn.ts";
import { answerOf } from "../../bench/workload/exchange-answer.ts";
import { type SampleLine, samplesFile } from "../../bench/workload/sample-line.ts";
import { abortedByNobody } from "../../bench/workload/turn-failure.ts";
import { UsageSum } from "../../bench/workload/usage-sum.ts";
import type { AttemptContext, EpisodeResult, EpisodeTask, Workload } from "../../bench/workload/workload.ts";

const schema = z.strictObject({
  kind: z.literal("echo").describe("The model must answer with a given word"),
  trials: trialsSetting,
});
type EchoExperiment = Experiment<z.infer<typeof schema>>;

const file = join(import.meta.dirname, "tasks.json");
const text = readFileSync(file, "utf8");
const tasks = z
  .array(z.object({ id: z.string(), prompt: z.string(), answer: z.string() }))
  .parse(JSON.parse(text));
const system = "Do exactly what you are asked.";

/** One request an episode; right is the word that was asked for, and nothing else. */
export const echo: Workload<EchoExperiment["workload"]> = {
  specificationVersion: "workload-v2",
  section: { kind: "echo", schema, choices: ["trials"] },
  tools: "none",
  plan: async ({ workload: { trials } }) => ({
    episodes: Array.from({ length: trials }, (_, trial) =>
      tasks.map(({ id }) => ({ taskId: id, trial, seed: trial, facts: { domain: "echo" } })),
    ).flat(),
    hashes: { "tasks.json": createHash("sha256").update(text).digest("hex") },
    facts: { tasks: tasks.length, trials },
    taskData: {
      needsUserEngine: false,
      simulator: [
        ["policy", "answers"],
        ["data", file],
      ],
    },
  }),
  prepare: async (experiment, context) => {
    const agent = await context.startAgent(null);
    return {
      warmUp: async () => undefined,
      renew: async () => (await agent.renew?.()) ?? false,
      eventLoopLoad: () => agent.eventLoopLoad(),
      attempt: (episode, attempt) => attemptEcho(agent, experiment, { episode, attempt }),
      [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
    };
  },
};

async function attemptEcho(
  agent: AgentDriver,
  { limits, sampling }: EchoExperiment,
  { episode, attempt }: { readonly episode: EpisodeTask; readonly attempt: AttemptContext },
): Promise<EpisodeResult> {
  const { prompt, answer } = tasks.find(({ id }) => id === episode.taskId) ?? { prompt: "", answer: "" };
  await using session = await agent.openSession({
    ...attempt,
    endpoint: attempt.agent,
    sampling: samplingFields(sampling, episode.seed),
    system,
    tools: "[]",
    greeting: null,
    acceptsArguments: () => false,
    turnTimeoutMs: Math.min(limits.turnSeconds, limits.episodeSeconds) * 1000,
  });
  const turn = await session.turn(prompt, attempt.signal);
  const asked = { role: "user", content: prompt, toolCalls: null, requestId: null, usage: null } as const;
  const exchanges = await attempt.takeExchanges();
  const { detail, failure, labels, messages } = readTurn(turn, exchanges, []);
  const facts = {
    termination: turn.status,
    terminationDetail: detail,
    steps: 1 + messages.length,
    toolCalls: 0,
    toolErrors: 0,
    labels,
    userUsage: new UsageSum().total(),
    transcript: { system, tools: "[]", messages: [asked, ...messages] },
  };
  if (attempt.signal.aborted) return { ...facts, status: "cancelled" };
  if (turn.status === "aborted") return { ...facts, status: "failed", failure: abortedByNobody };
  if (failure !== null) return { ...facts, status: "failed", failure };
  const text = turn.status === "answered" ? turn.text : "";
  const passed = text.trim() === answer;
  const last = exchanges.at(-1);
  const sample: SampleLine = {
    attemptKey: attempt.attemptKey,
    episodeId: attempt.episodeId,
    taskId: episode.taskId,
    trial: episode.trial,
    finishReason: last === undefined ? null : answerOf(last).finish,
    text,
    answer: text === "" ? null : text.trim(),
    answerRule: text === "" ? null : "whole-text",
    verdict: passed ? "passed" : text === "" ? "no-answer" : "wrong-answer",
    passed,
    scores: [{ name: "same-word", value: passed ? 1 : 0, passed }],
    details: { expected: answer },
  };
  await attempt.evidence.append(samplesFile, sample);
  const score = { name: "same-word", value: passed ? 1 : 0, passed, parts: ["WORD"], details: { answer } };
  if (turn.status === "timed-out")
    return { ...facts, status: "timed-out", scores: [score], afterMs: turn.afterMs };
  return { ...facts, status: "completed", scores: [score] };
}
