import { z } from "zod";
import type { RunningArm } from "../../stack/stack.ts";
import type { Finding } from "../../store/preflight-record.ts";
import { failed, nameOf, notChecked, ok, warning, type Check, type PreflightContext } from "../check.ts";
import { countTokens } from "../engine-questions.ts";
import { pinned, type Question, type Reply } from "../prober.ts";

/** A conversation with everything that gateways have been seen to rewrite: tools, a call, its result, `2.0`, not only ASCII. */
const call = {
  id: "call_1",
  type: "function",
  function: { name: "look_up", arguments: '{"amount": 2.0, "name": "Zoë"}' },
};
const messages = [
  { role: "system", content: "You are a clerk.  Be brief.\n" },
  { role: "user", content: "How much is left? – Zoë" },
  { role: "assistant", content: "", tool_calls: [call] },
  { role: "tool", tool_call_id: "call_1", content: '{"left": 2.0}' },
  { role: "user", content: "Thank you. Say it in one sentence." },
];
const parameters = {
  type: "object",
  properties: { amount: { type: "number" }, name: { type: "string" } },
  required: ["amount", "name"],
};
const tools = [
  {
    type: "function",
    function: { name: "look_up", description: "Looks an amount up.", parameters },
  },
];
const maxTokens = 24;
/** The same of work without tools, whose server may know none. */
const plainMessages = messages
  .filter(({ role }) => role !== "tool")
  .map((message) =>
    "tool_calls" in message ? { role: message.role, content: "2.0  are left, Zoë.\n" } : message,
  );

/** What everybody is asked. */
interface Asked {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly tools: readonly unknown[];
  readonly question: Question;
  /** In the words of a finding. */
  readonly called: string;
  /** What to do where the engine itself does not answer it. */
  readonly change: string;
}
const withTools: Asked = {
  messages,
  tools,
  question: { messages, tools, toolChoice: "auto", maxTokens },
  called: "a conversation with a tool call and its result",
  change: "The chat template of the model must know tool calls: set --chat-template or use another model.",
};
const plain: Asked = {
  messages: plainMessages,
  tools: [],
  question: { messages: plainMessages, maxTokens },
  called: "a conversation of three turns",
  change:
    "The chat template of the model must take a system message and earlier answers: set --chat-template or use another model.",
};

/** What the prompt became, and what came back, is compared with the engine asked directly. */
export const samplingCheck: Check = {
  name: "sampling",
  proves: "the same messages become the same prompt, with the same sampling, in every arm",
  async run(context) {
    const { agentEngine, arms } = context.stack;
    const reason = context.unusable.get(agentEngine);
    if (reason !== undefined) return { findings: [notChecked(nameOf(agentEngine), reason)] };
    const asked = context.usesTools ? withTools : plain;
    const direct = await context.prober.askEngine(agentEngine, asked.question);
    const findings = [await againstTokenizer(direct, asked, context)];
    for (const arm of arms) findings.push(await armFinding(arm, { direct, asked }, context));
    return { findings };
  },
};

/** The engine's own count of the same messages. */
async function againstTokenizer(
  direct: Reply,
  asked: Asked,
  { stack: { agentEngine } }: PreflightContext,
): Promise<Finding> {
  const on = nameOf(agentEngine);
  if (direct.chat === null) {
    return failed(on, `${asked.called} gave ${direct.problem}`, asked.change);
  }
  const promptTokens = direct.chat.usage?.promptTokens;
  if (promptTokens === undefined) {
    return failed(
      on,
      "the answer carries no usage: no token can be counted or reconciled",
      "Use a version of the engine that reports usage (OpenAI's field `usage`).",
    );
  }
  const { tokens, by } = await countTokens(agentEngine, asked);
  if (by !== "exact")
    return ok(on, `${promptTokens} prompt tokens; its /tokenize takes no messages to compare with`);
  if (tokens === promptTokens) return ok(on, `${promptTokens} prompt tokens, as its /tokenize counts them`);
  return warning(
    on,
    `${promptTokens} prompt tokens in usage, ${tokens} by its own /tokenize`,
    "Compare token counts within this run only; tell the engine's authors.",
  );
}

async function armFinding(
  arm: RunningArm,
  { direct, asked }: { readonly direct: Reply; readonly asked: Asked },
  context: PreflightContext,
): Promise<Finding> {
  const { question } = asked;
  const on = nameOf(arm);
  const reason = context.unusable.get(arm);
  if (reason !== undefined) return notChecked(on, reason);
  if (direct.chat === null) return notChecked(on, "the engine itself did not answer the same messages");
  const reply = await context.prober.askArm(arm, question);
  if (reply.chat === null) {
    return failed(
      on,
      `the engine answers ${asked.called}, this arm gave ${reply.problem}`,
      "The gateway must pass messages on as they are; look at its log.",
    );
  }
  const rewritten = samplingAtEngine(reply);
  if (rewritten.length > 0) {
    return failed(
      on,
      `the engine was not sent the sampling that was asked for: ${rewritten.join(", ")}`,
      "Switch the gateway's own sampling defaults off; with them its arm measures another model behaviour.",
    );
  }
  const [expected, seen] = [direct.chat.usage?.promptTokens, reply.chat.usage?.promptTokens];
  if (expected === undefined || seen === undefined)
    return notChecked(on, "an answer carries no usage, so its prompt tokens are not known");
  if (expected !== seen) {
    return failed(
      on,
      `the same messages are ${seen} prompt tokens through this arm and ${expected} at the engine`,
      "The gateway changes the prompt: look for its own system prompt, chat template, tool rendering or message normalisation.",
    );
  }
  if (sameAnswer(reply, direct)) return ok(on, `${seen} prompt tokens and the same answer as the engine's`);
  const again = await context.prober.askEngine(context.stack.agentEngine, question);
  return sameAnswer(again, direct)
    ? failed(
        on,
        `equal prompts (${seen} tokens) at temperature 0, but another answer: ${said(reply)} instead of ${said(direct)}`,
        "The gateway changes sampling or the answer: compare the bodies in evidence/preflight.",
      )
    : warning(
        on,
        `equal prompts (${seen} tokens); answers differ, but so do two answers of the engine itself at temperature 0`,
        "For equal answers start SGLang with --enable-deterministic-inference; rewards will vary by chance otherwise.",
      );
}

const chatSchema = z.object({
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  max_tokens: z.number().nullish(),
  max_completion_tokens: z.number().nullish(),
});
const generateSchema = z.object({
  sampling_params: z.object({
    temperature: z.number().nullish(),
    top_p: z.number().nullish(),
    max_new_tokens: z.number().nullish(),
  }),
});

/** Fields that reached the engine with another value, as the inner tap saw them; none where it saw no request. */
function samplingAtEngine({ inner }: Reply): string[] {
  return inner.flatMap(({ requestBody }) => {
    const body = jsonOf(requestBody);
    const generate = generateSchema.safeParse(body).data?.sampling_params;
    const chat = chatSchema.safeParse(body).data;
    const sent = generate ?? chat;
    const limit = generate ? generate.max_new_tokens : (chat?.max_completion_tokens ?? chat?.max_tokens);
    const fields: readonly (readonly [string, number, number | null | undefined])[] = [
      ["temperature", pinned.temperature, sent?.temperature],
      ["top_p", pinned.top_p, sent?.top_p],
      ["max tokens", maxTokens, limit],
    ];
    return fields
      .filter(([, asked, found]) => asked !== found)
      .map(([field, asked, found]) => `${field} ${found ?? "absent"} instead of ${asked}`);
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // Not JSON: then no field has its value, and that is the finding.
  }
}

/** Without the calls' ids, which differ between two answers that say the same. */
const callsIn = ({ chat }: Reply) => chat?.calls.map(({ name, argumentsText }) => ({ name, argumentsText }));

const said = (reply: Reply) =>
  JSON.stringify(reply.chat?.text === "" ? callsIn(reply) : reply.chat?.text).slice(0, 120);

function sameAnswer(one: Reply, other: Reply): boolean {
  const content = (reply: Reply) => JSON.stringify([reply.chat?.text, callsIn(reply)]);
  return one.chat !== null && content(one) === content(other);
}
