import { withArguments, withCallIds, withDeltas, type Chunk, type Lie, type Row } from "./lie.ts";

/** What gateways do that is no lie: a report that says otherwise would be untrue. */
const row = (name: string, lie: Lie): Row => ({ name, lie, verdict: "sound", says: /^/ });

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, of]) => [key, sorted(of)]),
  );
};

/** Escapes as Python's json writes them. */
const escaped = (text: string) =>
  text.replaceAll(/[^\0-\u007F]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Text, call arguments included, in pieces of half the size. */
function halved() {
  return (chunk: Chunk): readonly Chunk[] => {
    const [choice] = chunk.choices ?? [];
    const text = choice?.delta?.content ?? "";
    if (choice === undefined || text.length < 2) return [chunk];
    const cut = Math.floor(text.length / 2);
    const piece = (content: string): Chunk => ({
      ...chunk,
      choices: [{ ...choice, delta: { ...choice.delta, content }, finish_reason: null }],
    });
    const last = { ...chunk, choices: [{ ...choice, delta: { content: text.slice(cut) } }] };
    return [piece(text.slice(0, cut)), last];
  };
}

/** Chunks with text are sent two at a time. */
function joined() {
  let held: Chunk | null = null;
  const textOf = (chunk: Chunk) => chunk.choices?.[0]?.delta?.content ?? "";
  return (chunk: Chunk): readonly Chunk[] => {
    const before = held;
    held = null;
    if (before === null) {
      if (textOf(chunk) === "" || chunk.choices?.[0]?.finish_reason) return [chunk];
      held = chunk;
      return [];
    }
    if (textOf(chunk) === "") return [before, chunk];
    const choices = chunk.choices?.map((choice) => ({
      ...choice,
      delta: { ...choice.delta, content: textOf(before) + textOf(chunk) },
    }));
    return [{ ...chunk, ...(choices && { choices }) }];
  };
}

const withoutNulls = (chunk: Chunk): Chunk =>
  JSON.parse(JSON.stringify(chunk, (_, value: unknown) => (value === null ? undefined : value))) as Chunk;

export const harmless: readonly Row[] = [
  row("honest", {}),
  row("request-spelled-anew", { request: (chat) => chat }),
  row("request-keys-sorted", { request: (chat) => sorted(chat) as typeof chat }),
  row("request-indented", { text: (text) => JSON.stringify(JSON.parse(text), null, 2) }),
  row("response-format-of-text", { request: (chat) => ({ ...chat, response_format: { type: "text" } }) }),
  row("default-written-out", {
    request: (chat) => ({ ...chat, n: 1, stop: null, parallel_tool_calls: true }),
  }),
  row("limit-renamed", {
    request: ({ max_tokens: limit, ...chat }) => ({ ...chat, max_completion_tokens: limit }),
  }),
  row("request-escaped", { text: escaped }),
  row("identity-headers-dropped", {
    requestHeaders: (headers) =>
      Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith("x-tollgate"))),
  }),
  row("request-headers-added", {
    requestHeaders: (headers) => ({
      ...headers,
      "x-request-id": "1",
      via: "1.1 liar",
      "user-agent": "liar/1",
    }),
  }),
  row("answer-headers-changed", {
    answerHeaders: (headers) => ({ ...headers, server: "liar", "x-ratelimit-remaining": "9" }),
  }),
  row("keep-alives-injected", { frames: () => (frame) => `: keep-alive\n\n${frame}` }),
  row("empty-data-injected", { frames: () => (frame) => `data:\n\n${frame}` }),
  row("ping-events-injected", { frames: () => (frame) => `event: ping\ndata: {"type":"ping"}\n\n${frame}` }),
  row("line-ends-of-windows", { frames: () => (frame) => frame.replaceAll("\n", "\r\n") }),
  row("no-space-after-data", { frames: () => (frame) => frame.replaceAll("data: ", "data:") }),
  row("events-named-and-numbered", { frames: () => (frame) => `id: 7\nretry: 100\n${frame}` }),
  row("answer-spelled-anew", { events: () => (chunk) => [sorted(chunk) as Chunk] }),
  row("nulls-left-out", { events: () => (chunk) => [withoutNulls(chunk)] }),
  row("fields-added", {
    events: () => (chunk) => [{ ...chunk, provider: "liar", system_fingerprint: "fp" }],
  }),
  row("answer-id-changed", { events: () => (chunk) => [{ ...chunk, id: "gen-1", created: 7 }] }),
  row("text-in-smaller-pieces", { events: halved }),
  row("text-in-larger-pieces", { events: joined }),
  row("empty-deltas-dropped", {
    events: () => (chunk) =>
      chunk.choices?.[0]?.delta?.content === "" && chunk.choices[0].finish_reason === null ? [] : [chunk],
  }),
  row("role-in-every-chunk", { events: withDeltas((delta) => ({ role: "assistant", ...delta })) }),
  row("usage-twice", { events: () => (chunk) => (chunk.usage ? [chunk, chunk] : [chunk]) }),
  row("usage-zero-after-the-truth", {
    events: () => (chunk) =>
      chunk.usage
        ? [chunk, { ...chunk, usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } }]
        : [chunk],
  }),
  {
    ...row("call-arguments-spaced", { events: withArguments((text) => text.replaceAll('": ', '":')) }),
    says: /arguments of calls spelled otherwise/,
  },
  {
    ...row("call-ids-given-anew", { events: withCallIds((id) => `fc_${id}`) }),
    says: /ids of calls given anew/,
  },
  row("done-dropped", { frames: () => (frame) => (frame.startsWith("data: [DONE]") ? "" : frame) }),
  {
    ...row("stream-held-back", { serve: ({ ask }) => ask() }),
    says: /all at once|held back|comes in one piece/,
  },
];
