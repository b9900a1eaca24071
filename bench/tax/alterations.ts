import { compareAnswers } from "../fidelity/compare-answers.ts";
import type { Answer } from "../answer/answer.ts";
import { askChat, type TaxServer, type ChatReply } from "./ask.ts";
import { agentConversations, type BodySize } from "./conversations.ts";

/** Something that came out of the gateway otherwise than out of the raw server, for the same request. */
export interface AlterationFinding {
  /** Of the question. */
  readonly question: string;
  /** A sentence without its end. */
  readonly what: string;
  /** Whether it changes what an agent gets: text, calls, usage, an end, a status. Otherwise it is a field more or less. */
  readonly content: boolean;
}

export interface AlterationCheck {
  /** Questions that both servers were asked. */
  readonly asked: number;
  readonly of: number;
  readonly findings: readonly AlterationFinding[];
  /** Questions whose answers the raw server does not repeat itself: nothing is said of their texts. */
  readonly unrepeatable: readonly string[];
}

export interface AlterationQuestions {
  readonly raw: TaxServer;
  readonly gateway: TaxServer;
  readonly model: string;
  readonly tools: boolean;
  readonly sizes: readonly BodySize[];
  /** No further question is begun after this time. */
  readonly budgetMs: number;
  readonly signal: AbortSignal;
}

/**
 * Puts fixed questions to both servers, at temperature 0, and says where the gateway's answers differ. Each is asked of the
 * raw server before and after the gateway: what the raw server does not repeat itself is nobody's alteration.
 */
export async function findAlterations(asking: AlterationQuestions): Promise<AlterationCheck> {
  const questions = questionsOf(asking);
  const startedMs = performance.now();
  const findings: AlterationFinding[] = [];
  const unrepeatable: string[] = [];
  let asked = 0;
  for (const question of questions) {
    if (performance.now() - startedMs > asking.budgetMs) break;
    const seen = await askBoth(asking, question);
    const found = differencesOf(seen);
    asked += 1;
    findings.push(...found.findings.map((finding) => ({ question: question.name, ...finding })));
    if (!found.repeats) unrepeatable.push(question.name);
  }
  return { asked, of: questions.length, findings, unrepeatable };
}

interface TaxQuestion {
  readonly name: string;
  readonly body: Readonly<Record<string, unknown>>;
}

function questionsOf({ sizes, tools, model }: AlterationQuestions): readonly TaxQuestion[] {
  const longest = (size: BodySize) => {
    const [conversation] = agentConversations({ sizes: [size], count: 1, tools });
    return JSON.parse(conversation?.requests.at(-1)?.body ?? "{}") as Record<string, unknown>;
  };
  const [small] = sizes;
  if (small === undefined) return [];
  const base = { ...longest(small), model, temperature: 0, max_tokens: 24 };
  const usage = { stream: true, stream_options: { include_usage: true } };
  const whole = { ...base, stream: false };
  const counting = [{ role: "user", content: "Count from 1 to 20, in digits, separated by commas." }];
  return [
    { name: "stream", body: { ...base, ...usage } },
    { name: "whole answer", body: whole },
    ...(tools
      ? [true, false].map((stream) => ({
          name: stream ? "call of a tool, stream" : "call of a tool",
          body: {
            ...(stream ? { ...base, ...usage } : whole),
            max_tokens: 64,
            tool_choice: { type: "function", function: { name: "read_log" } },
          },
        }))
      : []),
    { name: "logprobs", body: { ...whole, logprobs: true, top_logprobs: 2 } },
    { name: "stop", body: { model, messages: counting, temperature: 0, max_tokens: 40, stop: ["5"] } },
    { name: "limit of 3 tokens", body: { ...whole, max_tokens: 3 } },
    { name: "two choices", body: { ...whole, n: 2 } },
    ...sizes.slice(-1).flatMap((size) =>
      size === small
        ? []
        : [
            {
              name: `${size.name} body`,
              body: { ...longest(size), ...usage, model, temperature: 0, max_tokens: 24 },
            },
          ],
    ),
    { name: "request without messages", body: { model, messages: [], max_tokens: 4 } },
    { name: "unknown model", body: { ...whole, model: "no-such-model-of-tollgate" } },
  ];
}

interface Seen {
  readonly before: ChatReply;
  readonly gateway: ChatReply;
  readonly after: ChatReply;
}

const questionMs = 60_000;

/** The first answer warms the prefix cache, which changes the last digits of what is computed, and is not looked at. */
async function askBoth({ raw, gateway, signal }: AlterationQuestions, { body }: TaxQuestion): Promise<Seen> {
  const ask = (server: TaxServer) => askChat(server, body, { timeoutMs: questionMs, signal });
  await ask(raw);
  return { before: await ask(raw), gateway: await ask(gateway), after: await ask(raw) };
}

interface Difference {
  readonly about: string;
  readonly what: string;
  readonly content: boolean;
}

/** What differs between the gateway's answer and both of the raw server's, and not between those two. */
function differencesOf({ before, gateway, after }: Seen): {
  readonly findings: readonly Omit<AlterationFinding, "question">[];
  readonly repeats: boolean;
} {
  const own = new Set(compared(before, after).map(({ about }) => about));
  const again = new Set(compared(after, gateway).map(({ about }) => about));
  const findings = compared(before, gateway)
    .filter(({ about }) => !own.has(about) && again.has(about))
    .map(({ what, content }) => ({ what, content }));
  return { findings, repeats: ![...own].some((about) => /^answer\.(text|reasoning|calls)/.test(about)) };
}

function compared(raw: ChatReply, other: ChatReply): readonly Difference[] {
  if (raw.status !== other.status) {
    const named = ({ status, problem }: ChatReply) =>
      status === null ? (problem ?? "no answer") : `status ${status}`;
    const what = `the raw server gives ${named(raw)}, the gateway ${named(other)}`;
    return [{ about: "status", what, content: true }];
  }
  if (raw.status !== 200) return [];
  if (raw.problem !== other.problem) {
    const what = `the gateway gives ${other.problem ?? "a whole answer"}, the raw server ${raw.problem ?? "a whole one"}`;
    return [{ about: "ending", what, content: true }];
  }
  const { differences } = compareAnswers({
    engine: raw.answer,
    arm: other.answer,
    rendered: false,
    offered: null,
    usageNotAsked: false,
  });
  return [
    ...differences
      // How much of a prompt was in the cache is not the gateway's doing.
      .filter(({ about }) => !about.includes("cachedTokens"))
      .map(({ about, what }) => ({
        about,
        what: inOurWords(what),
        content: !/^answer\.(model|system_)/.test(about),
      })),
    ...pieces(raw.answer, other.answer),
    ...fields(raw.text, other.text),
  ];
}

/** The comparison speaks of an arm and of the engine behind it. */
function inOurWords(what: string): string {
  return what
    .replace("the engine answered", "the raw server says")
    .replace("left the arm", "came out of the gateway");
}

/** Tokens that come in fewer events are held back until there are several. */
function pieces(raw: Answer, other: Answer): readonly Difference[] {
  if (raw.firstTokenEndByte === null || other.tokenEvents > raw.tokenEvents / 2) return [];
  const what = `tokens come in ${other.tokenEvents} events, from the raw server in ${raw.tokenEvents}`;
  return [{ about: "events", what, content: false }];
}

function fields(raw: string, other: string): readonly Difference[] {
  const [given, left] = [fieldsOf(raw), fieldsOf(other)];
  const lost = [...given].filter((field) => !left.has(field));
  const made = [...left].filter((field) => !given.has(field));
  return [
    ...lost.map((field) => ({ about: `-${field}`, what: `${field} is left out`, content: false })),
    ...made.map((field) => ({ about: `+${field}`, what: `${field} is added`, content: false })),
  ];
}

/** Where an answer has values other than null: `choices.message.content`. Of a stream, those of all its events. */
function fieldsOf(text: string): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (value: unknown, path: string): void => {
    if (value === null || value === undefined) return;
    if (Array.isArray(value)) for (const item of value) visit(item, path);
    else if (typeof value === "object") {
      for (const [key, member] of Object.entries(value)) visit(member, path === "" ? key : `${path}.${key}`);
    } else found.add(path);
  };
  for (const line of text.trimStart().startsWith("{") ? [text] : text.split("\n")) {
    const json = line.replace(/^data:\s*/, "").trim();
    if (!json.startsWith("{")) continue;
    try {
      visit(JSON.parse(json), "");
    } catch {
      // What cannot be read is in the answer's own account, which is compared before.
      found.add("unreadable");
    }
  }
  // Keys of the tokens' own texts are no fields of the form.
  return new Set([...found].filter((field) => !field.includes("top_logprobs.")));
}
