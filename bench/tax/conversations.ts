import type { Conversation } from "../evidence/recording.ts";
import { below, createRng, type Rng } from "../statistics/rng.ts";

/** How long the requests of a conversation become: bytes that its tools return, all turns together. */
export const bodySizes = [
  { name: "small", toolBytes: 600 },
  { name: "medium", toolBytes: 9_000 },
  { name: "large", toolBytes: 26_000 },
] as const;
export type BodySize = (typeof bodySizes)[number];

/** Requests of a conversation: the question, and one more after each result of a tool. */
export const turnsOfConversation = 3;

export interface ConversationForm {
  /** In turn, so that every size is among the first three. */
  readonly sizes: readonly BodySize[];
  /** How many conversations. */
  readonly count: number;
  /** Whether the requests declare tools, and the messages call them. Some servers refuse both. */
  readonly tools: boolean;
}

/**
 * What an agent that looks for the cause of an incident asks its model: system prompt and tools, then a question, a call
 * and its result, a call and its result. The answers are written beforehand, so that every arm is asked the same, whatever
 * its model says. A function of its form alone.
 */
export function agentConversations(form: ConversationForm): readonly Conversation[] {
  return Array.from({ length: form.count }, (_, at): Conversation => {
    const size = sizeOf(at, form.sizes);
    const messages = messagesOf({ at, size, tools: form.tools });
    return {
      key: `${size.name}-${at}`,
      requests: Array.from({ length: turnsOfConversation }, (_turn, turn) => ({
        path: "/v1/chat/completions",
        body: JSON.stringify({
          // Each arm's own name is filled in when it is sent.
          model: "",
          messages: messages.slice(0, 2 + 2 * turn),
          ...(form.tools ? { tools } : {}),
          stream: true,
        }),
        thinkMs: 0,
      })),
    };
  });
}

/** The size of the conversation that stands at `at`. */
export function sizeOf(at: number, sizes: readonly BodySize[]): BodySize {
  const size = sizes[at % sizes.length];
  if (size === undefined) throw new RangeError("there is no size of which a conversation could be");
  return size;
}

const system = [
  "You are an agent that finds out why a service misbehaves. You work step by step.",
  "Look at logs and files with the tools that you have. Read what came back before you ask for more.",
  "Say what you have found in whole sentences, name times and components, and keep apart what you know and what you suspect.",
  "Write at least two hundred words in every answer, and never only a word or a number.",
].join(" ");

const tools = [
  {
    type: "function",
    function: {
      name: "read_log",
      description: "Lines of a component's log between two times, oldest first.",
      parameters: {
        type: "object",
        properties: {
          component: { type: "string", description: "Name of the component, e.g. checkout" },
          from: { type: "string", description: "Time of the first line, HH:MM" },
          to: { type: "string", description: "Time of the last line, HH:MM" },
          level: { type: "string", enum: ["debug", "info", "warning", "error"] },
        },
        required: ["component", "from", "to"],
      },
    },
  },
  {
    type: "function",
    function: {
      name: "read_file",
      description: "The text of a file of the service's configuration or source.",
      parameters: {
        type: "object",
        properties: {
          path: { type: "string" },
          firstLine: { type: "integer", minimum: 1 },
          lines: { type: "integer", minimum: 1, maximum: 400 },
        },
        required: ["path"],
      },
    },
  },
  {
    type: "function",
    function: {
      name: "query_metric",
      description: "Values of a metric, one a minute.",
      parameters: {
        type: "object",
        properties: { name: { type: "string" }, minutes: { type: "integer", minimum: 1 } },
        required: ["name", "minutes"],
      },
    },
  },
] as const;

interface ConversationPlace {
  readonly at: number;
  readonly size: BodySize;
  readonly tools: boolean;
}

/** System, question, then call and result by turns. */
function messagesOf({ at, size, tools: called }: ConversationPlace): readonly Record<string, unknown>[] {
  const rng = createRng(1000 + at);
  const component = wordOf(rng, components);
  const resultBytes = Math.round(size.toolBytes / (turnsOfConversation - 1));
  const question = `Since ${timeOf(600 + at)} users say that ${component} is slow and sometimes fails. Find out why, and write down the whole course of events.`;
  const steps = Array.from({ length: turnsOfConversation - 1 }, (_, step) => {
    const id = `call_${at}_${step}`;
    const said = `I read what ${component} wrote in step ${step + 1}.`;
    const asked = JSON.stringify({ component, from: timeOf(590 + step), to: timeOf(640 + step) });
    const result = logLines(rng, component, resultBytes);
    return called
      ? [
          {
            role: "assistant",
            content: said,
            tool_calls: [{ id, type: "function", function: { name: "read_log", arguments: asked } }],
          },
          { role: "tool", tool_call_id: id, content: result },
        ]
      : [
          { role: "assistant", content: `${said} read_log ${asked}` },
          { role: "user", content: `read_log returned:\n${result}` },
        ];
  });
  return [{ role: "system", content: system }, { role: "user", content: question }, ...steps.flat()];
}

const components = ["checkout", "catalogue", "payments", "search", "sessions", "mail"] as const;
const events = [
  "request accepted from the load balancer",
  "connection to the database opened",
  "cache entry expired and fetched again",
  "retrying after the upstream closed the connection",
  "pool has no free connection, waiting",
  "response written to the client",
  "slow query reported by the database",
  "queue is longer than its limit of warning",
] as const;

/** Lines as programs write them, until there are so many bytes. */
function logLines(rng: Rng, component: string, bytes: number): string {
  const lines: string[] = [];
  let length = 0;
  for (let second = 0; length < bytes; second += 1) {
    const level = below(rng, 9) === 0 ? "WARN" : "INFO";
    const line = `${timeOf(590 + Math.floor(second / 40))}:${String(second % 60).padStart(2, "0")} ${level} ${component} worker-${below(rng, 16)}: ${wordOf(rng, events)}, ${below(rng, 4000)} ms`;
    lines.push(line);
    length += line.length + 1;
  }
  return lines.join("\n");
}

function wordOf(rng: Rng, words: readonly string[]): string {
  return words[below(rng, words.length)] ?? "";
}

function timeOf(minutes: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`;
}
