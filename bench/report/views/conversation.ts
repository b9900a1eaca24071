import type { TokenUsage } from "../../answer/answer.ts";
import type { TranscriptMessage } from "../../transcript/transcript.ts";
import type { Inspection } from "./inspect.ts";
import { tapLatencies } from "../../evidence/request-latencies.ts";
import { episodeLedgerTable } from "../tables/ledger-tables.ts";
import { numberText } from "../tables/number-text.ts";
import { printable } from "../formats/printable.ts";
import { renderTable } from "../formats/terminal.ts";

/** An episode as a conversation for a terminal: who said what, tool calls with results, tokens, times, reward. */
export function renderConversation(inspection: Inspection): string {
  const { record, trajectory, judgement, system, tools } = inspection;
  return [
    ...headLines(inspection),
    "",
    section("system", `${system.length} characters, tools ${toolCount(tools)}`),
    indented(shortened(system, 600)),
    "",
    ...trajectory.messages.flatMap((message) => [...messageLines(message, inspection), ""]),
    section("end", record.termination ?? record.status),
    ...(record.terminationDetail == null ? [] : [indented(record.terminationDetail)]),
    indented(
      `reward ${record.reward === null ? "none" : numberText(record.reward)}${basisText(record.rewardBasis)}`,
    ),
    ...(judgement === null
      ? []
      : [indented(`judged by ${judgement.model} at ${judgement.url}, ${judgement.at}`)]),
    ...(record.failure === null
      ? []
      : [indented(`failed: ${record.failure.class}: ${record.failure.message}`)]),
    ...(trajectory.rewardInfo === null
      ? []
      : [indented(shortened(JSON.stringify(trajectory.rewardInfo), 2000))]),
    ...(inspection.ledger === null ? [] : ["", renderTable(episodeLedgerTable(inspection.ledger))]),
  ]
    .map(printable)
    .join("\n");
}

function headLines({ record, trajectory }: Inspection): string[] {
  const seconds = numberText((record.endedNs - record.startedNs) / 1e9);
  const labels = record.labels.length === 0 ? "" : `, ${record.labels.join(", ")}`;
  return [
    `${record.episodeId}  ${record.domain} task ${record.taskId} trial ${record.trial} seed ${record.seed}`,
    `${record.cellId} (${record.arm}, ${record.load}), ${record.agent.name} ${record.agent.version}${record.simulated ? ", simulated engines" : ""}`,
    `${record.status} after ${seconds} s, ${record.steps} steps, ${record.toolCalls} tool calls (${record.toolErrors} errors)${labels}`,
    `agent ${record.requests} requests, ${usageText(record)}${userText(record)}`,
    `attempt ${trajectory.attemptKey}`,
  ];
}

/** Nobody is played by a second model in most workloads. */
function userText({ userUsage }: Inspection["record"]): string {
  return userUsage.requests === 0 ? "" : `; user ${userUsage.requests} requests, ${usageText(userUsage)}`;
}

function messageLines(message: TranscriptMessage, { timings }: Inspection): string[] {
  if (message.role === "tool") {
    const who = message.answeredBy === "agent" ? ", answered by the agent program" : "";
    const error = message.error ? ", ERROR" : "";
    return [
      section(`tool result for ${message.toolCallId}`, `${message.requestor}'s call${who}${error}`),
      indented(shortened(message.content, 2000)),
    ];
  }
  const timing = message.requestId === null ? undefined : timings.get(message.requestId);
  const facts = [
    ...(message.usage === null ? [] : [usageText(message.usage)]),
    ...(timing === undefined
      ? []
      : [`TTFT ${numberText(tapLatencies.ttft(timing))} ms, E2E ${numberText(tapLatencies.e2e(timing))} ms`]),
  ];
  return [
    section(message.role, facts.join("; ")),
    ...(message.reasoning === undefined
      ? []
      : [indented(`(reasoning) ${shortened(message.reasoning, 2000)}`)]),
    ...(message.content === null || message.content === "" ? [] : [indented(message.content)]),
    ...(message.toolCalls ?? []).map(({ id, name, arguments: text }) =>
      indented(`-> ${name}(${text})  ${id}`),
    ),
  ];
}

function section(name: string, facts: string): string {
  return facts === "" ? `[${name}]` : `[${name}] ${facts}`;
}

function usageText(usage: { readonly [K in keyof TokenUsage]: TokenUsage[K] | null }): string {
  const cached = usage.cachedTokens === null ? "" : ` (${usage.cachedTokens} cached)`;
  return `${usage.promptTokens ?? "?"}${cached} -> ${usage.completionTokens ?? "?"} tokens`;
}

function basisText(basis: readonly string[] | null): string {
  return basis === null ? "" : ` from ${basis.join(" x ")}`;
}

function toolCount(tools: string): number {
  const parsed: unknown = JSON.parse(tools);
  return Array.isArray(parsed) ? parsed.length : 0;
}

function shortened(text: string, charactersMax: number): string {
  const left = text.length - charactersMax;
  return left <= 0 ? text : `${text.slice(0, charactersMax)}… (${left} more characters)`;
}

function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}
