import { open, rename } from "node:fs/promises";
import { ConfigError, messageOf } from "../../../bench/errors.ts";
import type { Tau2Message } from "../contract/domain.ts";
import { indentJson } from "../python/json-indent.ts";
import { dumpJson, jsonString } from "../python/json-dump.ts";
import { parseJson } from "../python/json-parse.ts";
import { floatJson } from "../python/float-text.ts";

/** A run in the terms of tau2's `results.json`. */
export interface ResultsRun {
  readonly startedAt: Date;
  /** Commit of the checkout whose data was used; `unknown` when there is none. */
  readonly gitCommit: string;
  readonly domain: string;
  readonly policy: string;
  readonly trialsPerTask: number;
  readonly maxSteps: number;
  readonly maxErrors: number;
  readonly seed: number | null;
  readonly agent: ResultsParticipant;
  readonly user: ResultsParticipant & { readonly guidelines: string | null };
  /** Tasks as read from tasks.json. */
  readonly tasks: readonly { readonly text: string }[];
}

export interface ResultsParticipant {
  /** tau2's name of the implementation, such as `llm_agent` or `user_simulator`; ours is `openclaw`. */
  readonly implementation: string;
  readonly model: string | null;
  /** Temperature and the like. */
  readonly modelArguments: Readonly<Record<string, number | string>>;
}

/** One episode. */
export interface ResultsSimulation {
  readonly id: string;
  readonly taskId: string;
  readonly trial: number;
  readonly seed: number | null;
  readonly startedAt: Date;
  readonly durationMs: number;
  /** tau2's reason; `infrastructure_error` for episodes that count for nobody. */
  readonly terminationReason: string;
  readonly messages: readonly ResultsMessage[];
  /** tau2's reward info as JSON text (`Evaluation.dumpText`); null when nothing was judged. */
  readonly rewardInfoText: string | null;
  /** Kept by tau2 without a look at it: the place for our own facts, such as episode id and labels. */
  readonly info: Readonly<Record<string, string | number | boolean | null>> | null;
}

export type ResultsMessage = Tau2Message & {
  /** When it was complete; null: not known, then it follows the message before it. */
  readonly at: Date | null;
  readonly usage: { readonly promptTokens: number; readonly completionTokens: number } | null;
};

/**
 * Writes a run in tau2's own format, which `tau2 view` and `tau2 evaluate-trajs` open. Simulations are written one by
 * one, so they may come from a generator. The file appears when it is complete. Do not put a folder named `simulations`
 * beside it: tau2 would then look for the results in there.
 *
 * Times are UTC without a zone, as tau2's are local without one. Throws `ConfigError` when the file cannot be written.
 */
export async function writeResultsFile(
  path: string,
  run: ResultsRun,
  simulations: Iterable<ResultsSimulation> | AsyncIterable<ResultsSimulation>,
): Promise<void> {
  const draft = `${path}.part`;
  try {
    await using file = await open(draft, "w");
    await file.write(header(run));
    let separator = "";
    for await (const simulation of simulations) {
      await file.write(`${separator}\n    ${indentJson(simulationText(simulation), 2)}`);
      separator = ",";
    }
    await file.write(`${separator === "" ? "" : "\n  "}],\n  "simulation_index": null\n}\n`);
    await file.sync();
  } catch (error) {
    if (!(error instanceof Error) || !("syscall" in error)) throw error;
    throw new ConfigError(
      `Cannot write tau2's results file ${path}: ${messageOf(error)}. Choose another place.`,
      {
        cause: error,
      },
    );
  }
  await rename(draft, path);
}

function header(run: ResultsRun): string {
  const info = object({
    git_commit: jsonString(run.gitCommit),
    num_trials: String(run.trialsPerTask),
    max_steps: String(run.maxSteps),
    max_errors: String(run.maxErrors),
    user_info: participant(run.user, { global_simulation_guidelines: textOrNull(run.user.guidelines) }),
    agent_info: participant(run.agent, {}),
    environment_info: object({ domain_name: jsonString(run.domain), policy: jsonString(run.policy) }),
    seed: run.seed === null ? "null" : String(run.seed),
  });
  const tasks = `[${run.tasks.map(({ text }) => asciiJson(text)).join(",")}]`;
  const opening = [
    `  "timestamp": ${jsonString(timestamp(microsecondsOf(run.startedAt)))}`,
    `  "info": ${indentJson(info, 1)}`,
    `  "tasks": ${indentJson(tasks, 1)}`,
    `  "simulations": [`,
  ];
  return `{\n${opening.join(",\n")}`;
}

function participant(
  { implementation, model, modelArguments }: ResultsParticipant,
  more: Readonly<Record<string, string>>,
): string {
  return object({
    implementation: jsonString(implementation),
    llm: textOrNull(model),
    llm_args: asciiJson(JSON.stringify(modelArguments)),
    ...more,
  });
}

function simulationText(simulation: ResultsSimulation): string {
  const start = microsecondsOf(simulation.startedAt);
  const end = start + Math.round(simulation.durationMs * 1000);
  return object({
    id: jsonString(simulation.id),
    task_id: jsonString(simulation.taskId),
    timestamp: jsonString(timestamp(end)),
    start_time: jsonString(timestamp(start)),
    end_time: jsonString(timestamp(end)),
    duration: floatJson(simulation.durationMs / 1000),
    termination_reason: jsonString(simulation.terminationReason),
    agent_cost: "null",
    user_cost: "null",
    reward_info: simulation.rewardInfoText ?? "null",
    messages: `[${messageTexts(simulation.messages, start).join(",")}]`,
    ticks: "null",
    trial: String(simulation.trial),
    seed: simulation.seed === null ? "null" : String(simulation.seed),
    mode: jsonString("half_duplex"),
    info: asciiJson(JSON.stringify(simulation.info)),
  });
}

/** tau2 sorts messages by their timestamps, so each is at least a microsecond after the one before. */
function messageTexts(messages: readonly ResultsMessage[], start: number): string[] {
  let last = start - 1;
  return messages.map((message, turn) => {
    last = Math.max(last + 1, message.at === null ? 0 : microsecondsOf(message.at));
    return messageText(message, { turn_idx: String(turn), timestamp: jsonString(timestamp(last)) });
  });
}

function messageText(message: ResultsMessage, place: Readonly<Record<string, string>>): string {
  if (message.role === "tool") {
    return object({
      id: jsonString(message.id),
      role: jsonString("tool"),
      content: textOrNull(message.content),
      requestor: jsonString(message.requestor),
      error: String(message.error),
      ...place,
    });
  }
  // An empty list would count as a tool call in tau2.
  const calls = message.toolCalls?.length === 0 ? null : message.toolCalls;
  return object({
    role: jsonString(message.role),
    content: textOrNull(message.content),
    tool_calls: calls === null ? "null" : `[${calls.map(callText).join(",")}]`,
    ...place,
    cost: "null",
    usage: message.usage === null ? "null" : usageText(message.usage),
  });
}

type AssistantOrUser = Extract<Tau2Message, { readonly role: "assistant" | "user" }>;

function callText(call: NonNullable<AssistantOrUser["toolCalls"]>[number]): string {
  return object({
    id: jsonString(call.id),
    name: jsonString(call.name),
    arguments: asciiJson(call.argumentsText),
    requestor: jsonString(call.requestor),
  });
}

function usageText(usage: { readonly promptTokens: number; readonly completionTokens: number }): string {
  return JSON.stringify({ completion_tokens: usage.completionTokens, prompt_tokens: usage.promptTokens });
}

/** An object from JSON texts. */
function object(members: Readonly<Record<string, string>>): string {
  return `{${Object.entries(members)
    .map(([name, text]) => `${jsonString(name)}:${text}`)
    .join(",")}}`;
}

/** Through Python's parser and printer: ASCII like all of tau2's files, while numbers keep their form. */
function asciiJson(text: string): string {
  return dumpJson(parseJson(text));
}

function textOrNull(text: string | null): string {
  return text === null ? "null" : jsonString(text);
}

function microsecondsOf(date: Date): number {
  return date.getTime() * 1000;
}

/** `YYYY-MM-DDTHH:MM:SS.ffffff`. */
function timestamp(microseconds: number): string {
  const milliseconds = Math.floor(microseconds / 1000);
  const rest = String(microseconds - milliseconds * 1000).padStart(3, "0");
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${rest}`;
}
