/**
 * The chat-completions body that tau2 would send, in place of the one that OpenClaw built. Its messages come from what
 * is known first hand: the policy and the tools (tool server), the user texts (driver), the model's answers (stream tap)
 * and the tool results (`execute`). OpenClaw's own rendering of the same history differs: dates in front of user texts,
 * trimmed and cleaned texts, rewritten ids, arguments as parsed and serialised again, capped results, notes of its own.
 *
 * Rules where tau2 leaves a choice:
 * - an assistant message without text has content null, whether the model sent "" or nothing;
 * - reasoning is not sent back;
 * - argument texts are the model's own, not Python's rendering of the parsed value;
 * - a call that OpenClaw answered by itself (a tool name that does not exist) keeps OpenClaw's answer.
 *
 * @typedef {{id: string, name: string, arguments: string, exact: boolean, result?: string}} Call
 * @typedef {{role: "user", text: string} | {role: "assistant", text: string, calls: Call[]}} Entry
 */

/** @param {{policy: string, greeting: string | null, history: Entry[]}} record */
export function exactMessages({ policy, greeting, history }) {
  const opening = [{ role: "system", content: policy }];
  if (greeting !== null) opening.push({ role: "assistant", content: greeting });
  return [
    ...opening,
    ...history.flatMap((entry) => (entry.role === "user" ? [userMessage(entry)] : answerMessages(entry))),
  ];
}

function userMessage({ text }) {
  return { role: "user", content: text };
}

function answerMessages({ text, calls }) {
  const content = text === "" ? null : text;
  if (calls.length === 0) return [{ role: "assistant", content }];
  const message = { role: "assistant", content, tool_calls: calls.map(toolCall) };
  return [
    message,
    ...calls.map(({ id, result }) => ({ role: "tool", content: result ?? "", tool_call_id: id })),
  ];
}

function toolCall({ id, name, arguments: text }) {
  return { id, type: "function", function: { name, arguments: text } };
}

/**
 * Fills in what OpenClaw answered to calls of the last answer that never reached a tool, from the end of its own
 * messages. Returns one line for each thing that cannot be what tau2 would send; each is reported once.
 *
 * @param {Entry[]} history @param {object[]} messages OpenClaw's
 * @returns {string[]}
 */
export function completeResults(history, messages) {
  const last = history.at(-1);
  const shown = messages.slice(messages.findLastIndex(({ role }) => role === "assistant") + 1);
  const answers = shown.filter(({ role }) => role === "tool");
  if (last?.role === "assistant" && answers.length === last.calls.length) {
    for (const [index, call] of last.calls.entries()) call.result ??= textOf(answers[index].content);
  }
  return history.flatMap(({ calls = [] }) => calls.flatMap(missesOf));
}

function missesOf(call) {
  const misses = [];
  if (!call.exact) misses.push(`the argument text of ${call.name} was not seen`);
  if (call.result === undefined) misses.push(`the result of ${call.name} is not known`);
  call.exact = true;
  call.result ??= "";
  return misses;
}

function textOf(content) {
  return typeof content === "string" ? content : content.map((part) => part.text ?? "").join("");
}

/** The body with the sampling fields that every arm must use. `max_tokens` replaces OpenClaw's `max_completion_tokens`. */
export function pinned(payload, { model, sampling }) {
  const { max_completion_tokens: openclawLimit, ...body } = payload;
  const limit = "max_tokens" in sampling ? {} : { max_completion_tokens: openclawLimit };
  return { ...body, ...limit, model, ...sampling };
}

/** The `tools` fields exactly as registered; OpenClaw sorts tools and rewrites schemas. */
export function exactTools(body, tools) {
  const { tools: _sorted, tool_choice: choice, ...rest } = body;
  return tools.length === 0 ? rest : { ...rest, tools, tool_choice: choice ?? "auto" };
}
