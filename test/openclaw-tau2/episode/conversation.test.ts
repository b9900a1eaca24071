import { expect, test } from "vitest";
import type { AgentTurn } from "../../../bench/agent/agent.ts";
import type { CallCounts } from "../../../bench/tools/protocol.ts";
import type { Exchange } from "../../../bench/workload/exchange.ts";
import { ModelError } from "../../../bench/agent/model/model-error.ts";
import { ToolConnectionError } from "../../../bench/tools/tool-server-error.ts";
import { UsageSum } from "../../../bench/workload/usage-sum.ts";
import { runEpisode } from "../../../openclaw-tau2/episode/conversation.ts";
import type { EpisodeParts } from "../../../openclaw-tau2/episode/episode.ts";
import { delta, exchange, sse } from "../../workload/exchange-builder.ts";

const counts: CallCounts = { agentCalls: 0, userCalls: 0, errors: 0, refused: 0, steps: 4, limit: null };
const said = (finish: string) =>
  exchange({ responseBody: sse(delta({ content: "Done." }), delta({}, finish)) });
const done: AgentTurn = { status: "answered", text: "Done." };

interface Planned {
  readonly turn: AgentTurn;
  readonly exchanges?: readonly Exchange[];
  /** What the tool server has counted when the turn is over. */
  readonly after?: Partial<CallCounts>;
  readonly cancelled?: boolean;
  readonly late?: boolean;
  /** What the user says second; an error is thrown. */
  readonly next?: string | null | Error;
  readonly judge?: Error;
}

/** An episode with one turn of the agent, after which the user is content. */
async function episodeWith({ turn, exchanges = [], after = {}, cancelled, late, ...planned }: Planned) {
  let now = counts;
  let judged = 0;
  const [cancel, deadline] = [new AbortController(), new AbortController()];
  const open: EpisodeParts["open"] = {
    opened: { policy: "", agentToolsJson: "[]", userToolsJson: null, userSystemPrompt: "" },
    limitSignal: new AbortController().signal,
    lost: new AbortController().signal,
    counts: () => now,
    addSteps: async () => now,
    takeLog: () => [],
    callUserTool: async () => ({ content: "", error: false }),
    evaluate: async () => {
      if (planned.judge) throw planned.judge;
      judged += 1;
      return { reward: 1, rewardBasis: ["DB"], dump: {}, dumpText: "{}", hashes: null };
    },
  };
  const words = ["Renew it.", planned.next === undefined ? "Thanks. ###STOP###" : planned.next];
  const result = await runEpisode({
    open,
    session: {
      turn: async () => {
        now = { ...counts, ...after };
        if (cancelled) cancel.abort();
        if (late) deadline.abort();
        return turn;
      },
      promptMisses: () => 0,
      [Symbol.asyncDispose]: async () => undefined,
    },
    user: {
      next: async (_, signal) => {
        signal.throwIfAborted();
        const content = words.shift() ?? null;
        if (content instanceof Error) throw content;
        return { role: "user", content, toolCalls: null, requestId: "u", usage: null };
      },
      usage: () => new UsageSum().total(),
    },
    context: {
      episodeId: "e",
      attemptKey: "a",
      agent: { role: "agent", baseUrl: "", model: "m", apiKey: "k", headers: {} },
      user: null,
      takeExchanges: async () => exchanges,
      logToolCall: () => undefined,
      evidence: { directory: "/nowhere", append: async () => undefined },
      signal: cancel.signal,
    },
    deadline: { signal: deadline.signal, afterMs: 40_000 },
    limits: { maxSteps: 4, maxErrors: 2 },
    system: "",
    prefix: [],
    labels: [],
  });
  const { status, termination, terminationDetail, labels } = result;
  return {
    status,
    termination,
    terminationDetail,
    labels,
    judged,
    failure: "failure" in result ? result.failure.class : null,
  };
}

test.each<[string, Planned, object]>([
  [
    "a whole answer is judged",
    { turn: done, exchanges: [said("stop")] },
    { status: "completed", termination: "user_stop", terminationDetail: null, judged: 1 },
  ],
  [
    "half an answer is not, whatever the agent took it for",
    { turn: done, exchanges: [said("abort")] },
    { status: "failed", termination: null, failure: "engine", judged: 0 },
  ],
  [
    "a retried answer is judged with a label",
    { turn: done, exchanges: [said("abort"), said("stop")] },
    { status: "completed", labels: ["model-retried"], judged: 1 },
  ],
  [
    "the agent's own error says what it was",
    { turn: { status: "agent-error", kind: "empty_message", message: "nothing" } },
    {
      status: "completed",
      termination: "agent_error",
      terminationDetail: "empty_message: nothing",
      judged: 1,
    },
  ],
  [
    "a limit of steps says how many",
    { turn: done, exchanges: [said("stop")], after: { limit: "max_steps", steps: 6 } },
    { termination: "max_steps", terminationDetail: "6 steps of at most 4 (workload.maxSteps)", judged: 1 },
  ],
  [
    "a limit of errors says how many",
    { turn: { status: "aborted" }, after: { limit: "too_many_errors", errors: 3 } },
    {
      termination: "too_many_errors",
      terminationDetail: "3 failed tool calls of at most 2 (workload.maxErrors)",
    },
  ],
  [
    "a failed part comes before a limit",
    { turn: done, exchanges: [said("abort")], after: { limit: "max_steps" } },
    { status: "failed", failure: "engine" },
  ],
  [
    "a failed part comes before the deadline",
    { turn: { status: "aborted" }, exchanges: [said("abort")], late: true },
    { status: "failed", failure: "engine" },
  ],
  [
    "the deadline says itself",
    { turn: { status: "aborted" }, late: true },
    {
      status: "timed-out",
      termination: "timeout",
      terminationDetail: "the episode took longer than 40 s (limits.episodeSeconds)",
    },
  ],
  [
    "a turn that took too long says so",
    { turn: { status: "timed-out", afterMs: 20_000 } },
    { status: "timed-out", terminationDetail: "the turn took longer than 20 s (limits.turnSeconds)" },
  ],
  [
    "a cancelled attempt is no result, whatever failed",
    { turn: { status: "aborted" }, exchanges: [said("abort")], cancelled: true },
    { status: "cancelled", judged: 0 },
  ],
  [
    "a user without words says so",
    { turn: done, exchanges: [said("stop")], next: null },
    { termination: "user_error", terminationDetail: "the user's message has no text", judged: 1 },
  ],
  [
    "a user's engine that fails is nobody's score",
    { turn: done, exchanges: [said("stop")], next: new ModelError("status 500") },
    { status: "failed", termination: null, failure: "user-engine", judged: 0 },
  ],
  [
    "a user's tool without a server is nobody's score",
    { turn: done, exchanges: [said("stop")], next: new ToolConnectionError("/s", "closed") },
    { status: "failed", termination: null, failure: "tool-server", judged: 0 },
  ],
  [
    "an end that nobody can judge stays an end, without a score",
    { turn: done, exchanges: [said("stop")], judge: new ToolConnectionError("/s", "closed") },
    { status: "failed", termination: "user_stop", failure: "tool-server" },
  ],
  [
    "a process of the agent that is gone comes before a limit",
    { turn: { status: "process-died", message: "SIGKILL" }, after: { limit: "max_steps" } },
    { status: "failed", failure: "agent-process" },
  ],
  [
    "a turn that nobody aborted is the harness's fault",
    { turn: { status: "aborted" } },
    { status: "failed", failure: "harness" },
  ],
])("%s", async (_, planned, expected) => {
  expect(await episodeWith(planned)).toMatchObject(expected);
});
