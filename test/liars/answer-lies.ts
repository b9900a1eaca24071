import {
  withArguments,
  withContent,
  withDeltas,
  withFinish,
  type Chunk,
  type Delta,
  type Lie,
  type Row,
} from "./lie.ts";

/** Lies about what was answered: the agent is told something else than the engine said. */
const row = (name: string, lie: Lie, says: RegExp): Row => ({ name, lie, verdict: "answer-altered", says });

/** The agent is told that a call comes, and none does: its episodes cannot go on. */
const lost = (name: string, lie: Lie): Row => ({
  name,
  lie,
  verdict: "failing",
  says: /answer\.calls? removed|without a call/,
});

/** Of the answers that have what is looked for, every n-th is changed. */
function every(n: number, change: () => (chunk: Chunk) => readonly Chunk[]) {
  let answers = 0;
  return () => ((answers += 1) % n === 0 ? change() : (chunk: Chunk) => [chunk]);
}

const deltaOf = (chunk: Chunk): Delta => chunk.choices?.[0]?.delta ?? {};
const isCall = (chunk: Chunk) => (deltaOf(chunk).tool_calls ?? []).length > 0;
const isText = (chunk: Chunk) => (deltaOf(chunk).content ?? "") !== "";

/** Chunks with text change places, two by two. */
function swapped() {
  let held: Chunk | null = null;
  return (chunk: Chunk): readonly Chunk[] => {
    if (isText(chunk)) {
      if (held === null) {
        held = chunk;
        return [];
      }
      const pair = [chunk, held];
      held = null;
      return pair;
    }
    const rest = held === null ? [chunk] : [held, chunk];
    held = null;
    return rest;
  };
}

/** Keeps the first chunk of text and drops the others. */
function firstTextOnly() {
  let seen = false;
  return (chunk: Chunk): readonly Chunk[] => {
    const drop = seen && isText(chunk);
    seen ||= isText(chunk);
    return drop ? [] : [chunk];
  };
}

const noCalls = () => (chunk: Chunk) => (isCall(chunk) ? [] : [chunk]);
const withNames = (change: (name: string) => string) =>
  withDeltas((delta) => ({
    ...delta,
    ...(delta.tool_calls && {
      tool_calls: delta.tool_calls.map((call) => ({
        ...call,
        function: {
          ...call.function,
          ...(call.function?.name && { name: change(call.function.name) }),
        },
      })),
    }),
  }));
const doubledCall = withDeltas((delta) => ({
  ...delta,
  ...(delta.tool_calls && {
    tool_calls: delta.tool_calls.flatMap((call) => [
      call,
      { ...call, index: (call.index ?? 0) + 1, ...(call.id && { id: `${call.id}b` }) },
    ]),
  }),
}));

export const answerLies: readonly Row[] = [
  row("answer-text-changed", { events: withContent((text) => text.replaceAll("e", "3")) }, /text|content/),
  row("answer-upper-case", { events: withContent((text) => text.toUpperCase()) }, /text|content/),
  row(
    "answer-white-space-folded",
    { events: withContent((text) => text.replaceAll(" ", "  ")) },
    /text|content/,
  ),
  row("answer-cut-short", { events: firstTextOnly }, /text|content/),
  row("chunks-reordered", { events: swapped }, /text|content|order/),
  row(
    "text-said-twice",
    { events: () => (chunk) => (isText(chunk) ? [chunk, chunk] : [chunk]) },
    /text|content/,
  ),
  row(
    "text-masked",
    { events: withContent((text) => text.replaceAll(/\d/g, "#").replaceAll("o", "*")) },
    /text|content/,
  ),
  row("text-dropped", { events: () => (chunk) => (isText(chunk) ? [] : [chunk]) }, /text|content/),
  row(
    "text-as-reasoning",
    { events: withDeltas(({ content, ...delta }) => ({ ...delta, reasoning_content: content ?? null })) },
    /text|content|reasoning/,
  ),
  row(
    "reasoning-invented",
    { events: withDeltas((delta) => (delta.content ? { ...delta, reasoning_content: "Hm." } : delta)) },
    /reasoning/,
  ),
  lost("one-call-in-ten-dropped", { events: every(10, noCalls) }),
  lost("all-calls-dropped", { events: noCalls }),
  row("call-said-twice", { events: doubledCall }, /call/),
  row(
    "call-arguments-changed",
    { events: withArguments((text) => text.replace(/\d/, "9")) },
    /argument|call/,
  ),
  row("call-arguments-emptied", { events: withArguments(() => "{}") }, /argument|call/),
  row("call-name-changed", { events: withNames((name) => name.replace("_", "-")) }, /name|call/),
  row("finish-always-stop", { events: withFinish(() => "stop") }, /finish/),
  row("finish-length", { events: withFinish((reason) => (reason === "stop" ? "length" : reason)) }, /finish/),
  row(
    "finish-filtered",
    { events: withFinish((reason) => (reason === "stop" ? "content_filter" : reason)) },
    /finish/,
  ),
  row(
    "a-line-of-its-own",
    {
      events: addedBeforeEnd(" (Answered by the gateway.)"),
    },
    /text|content/,
  ),
  lost("call-written-as-text", {
    events: withDeltas(({ tool_calls, ...delta }) => ({
      ...delta,
      ...(tool_calls && { content: tool_calls.map((call) => JSON.stringify(call.function)).join("") }),
    })),
  }),
];

/** A last word of the gateway's own, before the chunk that says how the answer ended. */
function addedBeforeEnd(content: string) {
  return () =>
    (chunk: Chunk): readonly Chunk[] => {
      if (chunk.choices?.[0]?.finish_reason !== "stop") return [chunk];
      return [{ ...chunk, choices: [{ index: 0, delta: { content }, finish_reason: null }] }, chunk];
    };
}
