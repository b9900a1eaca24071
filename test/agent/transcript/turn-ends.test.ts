import { expect, test } from "vitest";
import type { AgentSession, AgentSessionRequest, AgentTurn } from "../../../bench/agent/agent.ts";
import { ChatSession } from "../../../bench/agent/chat/session.ts";
import { ChatClient } from "../../../bench/agent/model/chat-client.ts";
import { NativeSession, type NativeSessionParts } from "../../../bench/agent/native/session.ts";
import { readTurn } from "../../../bench/agent/transcript/read-turn.ts";
import { ToolConnectionError, ToolRefusedError } from "../../../bench/tools/tool-server-error.ts";
import type { Exchange } from "../../../bench/workload/exchange.ts";
import { called, delta, exchange, sse } from "../../workload/exchange-builder.ts";
import { startEndpoint } from "../model/scripted-endpoint.ts";
import { playTurn } from "../openclaw/played-turn.ts";

/** What the model server sends; null: nothing, for ever. */
type Answer = Pick<Exchange, "responseBody" | "status"> | null;
/** Plays one turn against that answer. */
type Play = (answer: Answer) => Promise<AgentTurn>;

const never = new AbortController().signal;
const says = (part: object, finish: string): Answer => ({
  status: 200,
  responseBody: sse(delta(part), delta({}, finish)),
});
const refuses = (status: number, responseBody: string): Answer => ({ status, responseBody });
const text = (content: string, finish = "stop") => says({ content }, finish);
const thought = (finish: string) => says({ reasoning_content: "She wants it renewed." }, finish);
const call = (args: string, finish = "tool_calls") => says(called("c1", "renew", args), finish);

function withModel(
  make: (client: ChatClient, request: AgentSessionRequest) => AgentSession,
  changes: Partial<AgentSessionRequest> = {},
  turns = 1,
): Play {
  return async (answer) => {
    await using client = new ChatClient();
    await using endpoint = await startEndpoint((response) => {
      if (answer !== null) response.writeHead(answer.status ?? 200).end(answer.responseBody);
    });
    await using session = make(client, {
      episodeId: "e1",
      attemptKey: "a1",
      endpoint: endpoint.endpoint,
      sampling: {},
      system: "",
      tools: "[]",
      greeting: null,
      acceptsArguments: (args) => args.startsWith("{") && args.endsWith("}"),
      turnTimeoutMs: 5000,
      ...changes,
    });
    for (let played = 1; played < turns; played += 1) await session.turn("Renew it.", never);
    return await session.turn("Renew it.", never);
  };
}

const refusedCall = async () => {
  throw new ToolRefusedError("call", "limit", "the episode has reached max_steps");
};
const native = (
  changes: Partial<AgentSessionRequest> = {},
  callTool: NativeSessionParts["tools"]["call"] = refusedCall,
) =>
  withModel((client, request) => {
    const tools = { call: callTool, [Symbol.dispose]: () => undefined };
    return new NativeSession({ request, client, tools, token: "t", callTimeoutMs: 2000 });
  }, changes);
const chat = (changes: Partial<AgentSessionRequest> = {}, turns = 1) =>
  withModel(
    (client, request) => new ChatSession({ client, request, callTimeoutMs: 2000, calls: null }),
    changes,
    turns,
  );

/** What OpenClaw's run and Tollgate's plugin in it say. */
const openclaw =
  (failure: { kind: string; message: string } | null, error?: { kind: string; message: string }): Play =>
  async () =>
    playTurn({
      agent: { status: "ok", summary: "completed", result: { payloads: [], meta: error ? { error } : {} } },
      "tollgate.outcome": { answer: null, failure, requests: 1, misses: 0 },
    });
const own = (kind: string, message: string) => openclaw(null, { kind, message });
const silent = {
  kind: "incomplete_turn",
  message: "the model answered with neither text nor a tool call",
};
const broken = "Provider returned an incomplete or malformed tool call";
const stopped = (kind: string, message: string) => openclaw({ kind, message }, { kind: "x", message: "y" });

/** The turn, read with what the taps saw of it. */
async function read(play: Play, answer: Answer) {
  const turn = await play(answer);
  const requestId = "requestId" in turn && turn.requestId !== undefined ? turn.requestId : "a1-a1";
  const seen =
    answer === null ? { responseBody: "", outcome: "client-aborted" as const } : { ...answer, requestId };
  return readTurn(turn, [exchange(seen)], []);
}

test.for<[string, Play, Answer, string]>([
  ["native, nothing", native(), text(""), "empty_message: The model said nothing (finish reason stop)."],
  ["native, nothing, end of text", native(), text("", "eos_token"), "(finish reason eos_token)"],
  ["native, thoughts alone", native(), thought("stop"), "said nothing (finish reason stop)"],
  ["native, thoughts up to the limit", native(), thought("length"), "said nothing (finish reason length)"],
  ["native, a filter", native(), text("", "content_filter"), "said nothing (finish reason content_filter)"],
  [
    "native, a call that the limit cut",
    native(),
    call('{"loan":', "length"),
    'malformed_tool_arguments: The model called renew with {"loan": (finish reason length)',
  ],
  ["native, a list as arguments", native(), call("[1]"), "renew with [1] (finish reason tool_calls)"],
  ["native, arguments without end", native(), call("x".repeat(300)), `with ${"x".repeat(200)} (finish`],
  ["native, a call behind a limit", native(), call("{}"), "limit: The tool server refused call (limit)"],
  [
    "native, a slow model",
    native({ turnTimeoutMs: 50 }),
    null,
    "the turn took longer than 0.05 s (limits.turnSeconds)",
  ],
  ["chat, nothing", chat(), text(""), "empty_message: The model said nothing (finish reason stop)."],
  ["chat, thoughts up to the limit", chat(), thought("length"), "said nothing (finish reason length)"],
  ["chat, a call in place of text", chat(), call("{}"), "said nothing (finish reason tool_calls)"],
  ["chat, a second turn", chat({}, 2), text("Done."), "second_turn: Agent chat makes one request an episode"],
  ["chat, a slow model", chat({ turnTimeoutMs: 50 }), null, "the turn took longer than 0.05 s"],
  ["openclaw, thoughts alone", openclaw(silent), thought("stop"), `${silent.message} (finish reason stop)`],
  ["openclaw, thoughts up to the limit", openclaw(silent), thought("length"), "(finish reason length)"],
  [
    "openclaw, a call that the limit cut",
    openclaw({ kind: "model", message: broken }, { kind: "incomplete_turn", message: broken }),
    call('{"loan":', "length"),
    `incomplete_turn: ${broken} (finish reason length)`,
  ],
  [
    "openclaw, a conversation longer than the context",
    openclaw(
      { kind: "model", message: "400" },
      { kind: "context_overflow", message: "Context overflow: prompt too large for the model." },
    ),
    refuses(400, '{"message":"maximum context length is 4096 tokens"}'),
    "context_overflow: Context overflow: prompt too large for the model.",
  ],
  [
    "openclaw, no room after compaction",
    own("compaction_failure", "no room"),
    text("Done."),
    "compaction_failure: no room",
  ],
  ["openclaw, too many rounds", own("retry_limit", "32 of 32"), call("{}"), "retry_limit: 32 of 32 (finish"],
  ["openclaw, roles", own("role_ordering", "two users"), refuses(400, "{}"), "role_ordering: two users"],
  [
    "openclaw, a hook",
    own("hook_block", "blocked"),
    text("Done."),
    "hook_block: blocked (finish reason stop)",
  ],
  [
    "openclaw, a call behind a limit",
    stopped("tool_limit", "refused: limit"),
    call("{}"),
    "tool_limit: refused: limit (finish reason tool_calls)",
  ],
  [
    "openclaw, a run without a word",
    openclaw(null),
    text(""),
    "no_answer: OpenClaw ended the run as ok (completed) without an answer of the model (finish reason stop)",
  ],
])("%s: a result that says why", async ([, play, answer, detail]) => {
  const { failure, ...result } = await read(play, answer);
  expect(failure).toBeNull();
  expect(result.detail).toContain(detail);
});

const gone = async () => {
  throw new ToolConnectionError("/tools.sock", "it was closed");
};

test.for<[string, Play, Answer, string]>([
  ["native, a status", native(), refuses(503, "busy"), "engine"],
  ["native, a conversation longer than the context", native(), refuses(400, "{}"), "engine"],
  ["native, half an answer", native(), text("Do", "abort"), "engine"],
  ["native, a lost call", native(), text("", "tool_calls"), "engine"],
  ["chat, a status", chat(), refuses(500, "boom"), "engine"],
  ["chat, half an answer", chat(), text("Do", "error"), "engine"],
  ["openclaw, a call that it took for none", openclaw(silent), call("{}"), "engine"],
  ["openclaw, a lost call", openclaw(silent), text("", "tool_calls"), "engine"],
  ["openclaw, half an answer that it took for none", openclaw(silent), text("", "abort"), "engine"],
  ["openclaw, no tool server", stopped("tool_transport", "lost the connection"), call("{}"), "tool-server"],
])("%s: a failed part, and no result", async ([, play, answer, part]) => {
  expect((await read(play, answer)).failure?.class).toBe(part);
});

test("a native turn without a tool server is not the agent's to tell: it throws", async () => {
  await expect(native({}, gone)(call("{}"))).rejects.toThrow(ToolConnectionError);
});
