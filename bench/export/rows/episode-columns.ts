import type { EpisodeLedger, PartTimes, StampedPart } from "../../analysis/ledger/episode-ledger.ts";
import { totalOf } from "../../analysis/ledger/episode-ledger.ts";
import type { EpisodeRecord } from "../../store/record.ts";
import { columnsOf, type RowColumn } from "./row-column.ts";
import { wallMicroseconds, type RunSegment } from "../../evidence/run-segments.ts";

/** A row of `episodes`: a finished attempt at a task that gave the episode's result. */
export interface EpisodeTableRow {
  readonly in: Pick<RunSegment, "run" | "segment" | "cell" | "used" | "verdict">;
  readonly episode: EpisodeRecord;
  /** Where its time went; null where the taps or the tool server left nothing of it. */
  readonly ledger: EpisodeLedger | null;
}

const { text, truth, count, tokens, ms, seconds, share, stamp, time } = columnsOf<EpisodeTableRow>();

type Value = string | number | boolean | null;
const of = (value: (episode: EpisodeRecord) => Value) => (row: EpisodeTableRow) => value(row.episode);

const identity: readonly RowColumn<EpisodeTableRow>[] = [
  text("run_id", "The run", ({ in: { run } }) => run.runId),
  text("experiment", "Name of the experiment", ({ in: { run } }) => run.experiment),
  truth(
    "simulated",
    "The engine is a simulator",
    of((episode) => episode.simulated),
  ),
  text(
    "episode_id",
    "The episode",
    of(({ episodeId }) => episodeId),
  ),
  text(
    "attempt_key",
    "The attempt that gave the result; null in runs of an older Tollgate",
    of(({ attemptKey }) => attemptKey ?? null),
  ),
  text(
    "cell_id",
    "The cell",
    of(({ cellId }) => cellId),
  ),
  text(
    "segment_id",
    "The segment of the cell",
    of(({ segmentId }) => segmentId),
  ),
  text("verdict", "Of the cell; null where it has no summary", ({ in: { verdict } }) => verdict),
  truth(
    "measured",
    "The report's rates and latencies are over its segment, too; null where the cell has no summary",
    ({ in: { used } }) => used,
  ),
  text(
    "arm",
    "Name of the arm",
    of(({ arm }) => arm),
  ),
  text("arm_kind", "raw, gateway, url and so on", ({ in: { cell } }) => cell?.armKind ?? null),
  text(
    "load",
    "closed:C or open:R",
    of(({ load }) => load),
  ),
  count(
    "concurrency",
    "Episodes in flight; null for an open loop",
    ({ in: { cell } }) => cell?.concurrency ?? null,
  ),
  count(
    "repetition",
    "Repetition of the cell",
    of(({ repetition }) => repetition),
  ),
  text(
    "domain",
    "Domain of the task",
    of(({ domain }) => domain),
  ),
  text(
    "task_id",
    "The task",
    of(({ taskId }) => taskId),
  ),
  count(
    "trial",
    "Repetition of the task",
    of(({ trial }) => trial),
  ),
  count(
    "seed",
    "Of the task's trial",
    of(({ seed }) => seed),
  ),
  text(
    "agent",
    "Name of the agent",
    of(({ agent }) => agent.name),
  ),
  text(
    "agent_version",
    "Its version",
    of(({ agent }) => agent.version),
  ),
];

const outcome: readonly RowColumn<EpisodeTableRow>[] = [
  text(
    "status",
    "completed, failed (a part of the service or of the benchmark) or timed-out",
    of(({ status }) => status),
  ),
  text(
    "termination",
    "How the conversation ended; null where it did not",
    of(({ termination }) => termination),
  ),
  text(
    "termination_detail",
    "Why, in words; null where the word says all",
    of(({ terminationDetail }) => terminationDetail ?? null),
  ),
  share(
    "reward",
    "0 to 1; null when nothing was judged. A failed episode has none",
    of(({ reward }) => reward),
  ),
  truth(
    "passed",
    "By the first score; null when nothing was judged, and in runs of an older Tollgate",
    of(({ scores }) => scores?.[0]?.passed ?? null),
  ),
  text(
    "reward_basis",
    "Parts of the reward, as JSON; null when nothing was judged",
    of(({ rewardBasis }) => jsonOf(rewardBasis)),
  ),
  text(
    "scores",
    "All scores, as JSON; null in runs of an older Tollgate, and where the episode failed",
    of(({ scores }) => jsonOf(scores)),
  ),
  text(
    "failure_class",
    "Which part failed; null where none did",
    of(({ failure }) => failure?.class ?? null),
  ),
  text(
    "failure_message",
    "What it said",
    of(({ failure }) => failure?.message ?? null),
  ),
  text(
    "labels",
    "What is to be known of the result, as JSON",
    of(({ labels }) => jsonOf(labels)),
  ),
  count(
    "retries",
    "Earlier attempts that a failed part ended; null outside of `tollgate collect`",
    of(({ retries }) => retries ?? null),
  ),
];

const work: readonly RowColumn<EpisodeTableRow>[] = [
  time("started_at", "Wall clock of started_ns, exact to a millisecond", ({ in: { segment }, episode }) =>
    wallMicroseconds(segment, episode.startedNs),
  ),
  seconds(
    "seconds",
    "From start to end",
    of(({ startedNs, endedNs }) => (endedNs - startedNs) / 1e9),
  ),
  stamp(
    "started_ns",
    "Before its session was opened",
    of(({ startedNs }) => startedNs),
  ),
  stamp(
    "ended_ns",
    "After its result was known",
    of(({ endedNs }) => endedNs),
  ),
  count("turns", "The user speaks, the agent answers; null where no request was seen", ({ ledger }) =>
    ledger === null ? null : ledger.turns.length,
  ),
  count(
    "steps",
    "Messages and tool results",
    of(({ steps }) => steps),
  ),
  count(
    "tool_calls",
    "Calls of tools",
    of(({ toolCalls }) => toolCalls),
  ),
  count(
    "tool_errors",
    "Of them, answered with an error",
    of(({ toolErrors }) => toolErrors),
  ),
  count(
    "requests",
    "Model calls of the agent",
    of(({ requests }) => requests),
  ),
  tokens(
    "prompt_tokens",
    "Of the agent's calls; null where an answer has no usage",
    of(({ promptTokens }) => promptTokens),
  ),
  tokens(
    "completion_tokens",
    "Of the agent's calls; null where an answer has no usage",
    of(({ completionTokens }) => completionTokens),
  ),
  tokens(
    "cached_tokens",
    "Of the agent's prompts; null where the engine does not tell",
    of(({ cachedTokens }) => cachedTokens),
  ),
  count(
    "user_requests",
    "Model calls of the simulated user",
    of(({ userUsage }) => userUsage.requests),
  ),
  tokens(
    "user_prompt_tokens",
    "Of the user's calls; null where an answer has no usage",
    of(({ userUsage }) => userUsage.promptTokens),
  ),
  tokens(
    "user_completion_tokens",
    "Of the user's calls; null where an answer has no usage",
    of(({ userUsage }) => userUsage.completionTokens),
  ),
  tokens(
    "user_cached_tokens",
    "Of the user's prompts; null where the engine does not tell",
    of(({ userUsage }) => userUsage.cachedTokens),
  ),
  count(
    "logged_calls",
    "Model calls that a recording gateway kept; null where none records",
    of(({ loggedTokens }) => loggedTokens?.calls ?? null),
  ),
  ms(
    "session_start_ms",
    "Opening the arm's session; null for an arm without sessions",
    of(({ sessionMs }) => sessionMs?.start ?? null),
  ),
  ms(
    "session_reward_ms",
    "Giving it the reward; null where there was no such call",
    of(({ sessionMs }) => sessionMs?.reward ?? null),
  ),
  ms(
    "session_export_ms",
    "Exporting it; null where there was no such call",
    of(({ sessionMs }) => sessionMs?.export ?? null),
  ),
];

const unseen = "null where no request was seen";

const part = (name: string, meaning: string, parts: readonly StampedPart[]) =>
  ms(name, `${meaning}; ${unseen}`, ({ ledger }) => (ledger === null ? null : sumMs(totalOf(ledger), parts)));

const sumMs = (times: PartTimes, parts: readonly StampedPart[]) =>
  parts.reduce((sum, each) => sum + times[each], 0) / 1e6;

/** What only the inner tap, or only a stream, can tell: null where all calls lack it, because no time was seen and not none. */
const told = (
  name: string,
  meaning: string,
  of: {
    readonly part: StampedPart;
    readonly beside: readonly StampedPart[];
    readonly instead: readonly StampedPart[];
  },
) =>
  ms(name, meaning, ({ ledger }) => {
    if (ledger === null) return null;
    const times = totalOf(ledger);
    const absent = sumMs(times, of.beside) === 0 && sumMs(times, of.instead) > 0;
    return absent ? null : times[of.part] / 1e6;
  });

const behindArm = ["path", "firstToken", "decode", "engineUnsplit"] as const;
const noInner = "null where no call was seen at the inner tap";
const noStream = "null where no call was seen to stream at the inner tap";
const streamed = {
  beside: ["firstToken", "decode"],
  instead: ["callUnsplit", "engineUnsplit"],
} as const;

/** Every moment of the episode is in one of them: together they are `seconds`. */
const ledger: readonly RowColumn<EpisodeTableRow>[] = [
  part("agent_ms", "Where the agent program itself worked: no call of it was running", [
    "agentBefore",
    "agentBetween",
    "agentAfter",
  ]),
  told("path_ms", `Between the taps: the gateway; ${noInner}`, {
    part: "path",
    beside: behindArm,
    instead: ["callUnsplit"],
  }),
  told("first_token_ms", `At the engine until the first token: queue and prefill; ${noStream}`, {
    part: "firstToken",
    ...streamed,
  }),
  told("decode_ms", `At the engine after the first token; ${noStream}`, { part: "decode", ...streamed }),
  told("engine_unsplit_ms", `At the engine, for answers that were not streamed; ${noInner}`, {
    part: "engineUnsplit",
    beside: behindArm,
    instead: ["callUnsplit"],
  }),
  part("call_unsplit_ms", "Calls that no inner tap saw: gateway and engine together", ["callUnsplit"]),
  part("tool_ms", "Tools, from request to answer", ["tool"]),
  part("user_ms", "Model calls of the simulated user", ["user"]),
  part("user_between_ms", "Between two calls of the user's side", ["userBetween"]),
  ms(
    "session_ms",
    `Calls of the arm's session; null for an arm without, and ${unseen}`,
    ({ ledger, episode }) => (ledger === null || episode.sessionMs === null ? null : ledger.sessionNs / 1e6),
  ),
  ms("unexplained_ms", `What no part explains: set-up and evaluation; ${unseen}`, ({ ledger }) =>
    ledger === null ? null : ledger.unexplainedNs / 1e6,
  ),
];

export const episodeColumns: readonly RowColumn<EpisodeTableRow>[] = [
  ...identity,
  ...outcome,
  ...work,
  ...ledger,
];

function jsonOf(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}
