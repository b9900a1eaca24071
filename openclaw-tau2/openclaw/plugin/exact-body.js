/**
 * Turns the chat-completions body that OpenClaw built back into the one tau2 would send. OpenClaw's messages are walked
 * and each one is replaced by its original, which is known from three records: the user texts (from the driver), the
 * model's answers (from the stream tap) and the tool results (from `execute`). Nothing is invented: a message without
 * an original stays as OpenClaw wrote it and is counted.
 *
 * Rules where tau2 leaves a choice:
 * - an assistant message without text has content null, whether the model sent "" or nothing;
 * - reasoning is not sent back;
 * - a tool call that OpenClaw answered by itself (a name that does not exist) keeps OpenClaw's answer.
 */

/**
 * @param {object} payload OpenClaw's body; not changed
 * @param {{policy: string, greeting: string | null, users: {text: string, sent: string}[],
 *   answers: {text: string, calls: {id: string, name: string, arguments: string, result?: string}[]}[]}} record
 * @returns {{messages: object[], misses: string[]}} misses: one line for each message that has no original
 */
export function exactMessages(payload, record) {
  const walk = { record, nextUser: 0, nextAnswer: 0, openCalls: [], misses: [] };
  const positional = countOf(payload.messages, "user") === record.users.length;
  const messages = [{ role: "system", content: record.policy }];
  if (record.greeting !== null) messages.push({ role: "assistant", content: record.greeting });
  for (const message of payload.messages) {
    if (message.role === "user") messages.push(exactUser(message, walk, positional));
    else if (message.role === "assistant") messages.push(exactAssistant(message, walk));
    else if (message.role === "tool") messages.push(exactTool(message, walk));
    else if (message.role !== "system") messages.push(missed(message, walk, "unknown role"));
  }
  if (walk.nextUser < record.users.length) walk.misses.push("a user text was left out");
  if (walk.nextAnswer < record.answers.length) walk.misses.push("an answer of the model was left out");
  return { messages, misses: walk.misses };
}

function exactUser(message, walk, positional) {
  const original = walk.record.users[walk.nextUser];
  if (original === undefined) return missed(message, walk, "a user text was added");
  const shown = textOf(message.content);
  // Each user text gets OpenClaw's date in front; the text itself may begin with something that looks like one.
  const same =
    shown === original.sent || (datePrefix.test(shown) && shown.replace(datePrefix, "") === original.sent);
  if (!same && !positional) return missed(message, walk, "a user text was added");
  walk.nextUser += 1;
  return { role: "user", content: original.text };
}

const datePrefix = /^\[[A-Z][a-z]{2} \d{4}-\d{2}-\d{2} \d{2}:\d{2} [^\]]+\] /;

function exactAssistant(message, walk) {
  const shownCalls = message.tool_calls ?? [];
  const answer = walk.record.answers[walk.nextAnswer];
  if (answer === undefined || answer.calls.length !== shownCalls.length) {
    walk.openCalls = [];
    return missed(message, walk, "an assistant message has no recorded answer");
  }
  walk.nextAnswer += 1;
  walk.openCalls = answer.calls.map((call, index) => ({ shownId: shownCalls[index].id, call }));
  const content = answer.text === "" ? null : answer.text;
  if (answer.calls.length === 0) return { role: "assistant", content };
  return { role: "assistant", content, tool_calls: answer.calls.map(exactCall) };
}

function exactCall({ id, name, arguments: text }) {
  return { id, type: "function", function: { name, arguments: text } };
}

function exactTool(message, walk) {
  const open = walk.openCalls.find(({ shownId }) => shownId === message.tool_call_id);
  if (open === undefined) return missed(message, walk, "a tool result belongs to no recorded call");
  return {
    role: "tool",
    content: open.call.result ?? textOf(message.content),
    tool_call_id: open.call.id,
  };
}

function missed(message, walk, why) {
  walk.misses.push(why);
  return message;
}

function textOf(content) {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => part.text ?? "").join("");
}

function countOf(messages, role) {
  return messages.filter((message) => message.role === role).length;
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
