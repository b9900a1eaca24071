import type { Span } from "../../evidence/episode-stamps.ts";
import { isAnswered } from "../../evidence/tap-timing.ts";
import type { TappedExchange, SeenRequest } from "./episode-requests.ts";
import type { EngineStages } from "./engine-stages.ts";
import type { ToolRun } from "./whole-episode.ts";

/** What happens in a stretch of a bar, in the order of a request; how it is called, and what that means. */
export const stretches = {
  path: {
    name: "gateway and taps",
    meaning: "between the outer and the inner tap; in a raw arm the taps alone",
  },
  queue: { name: "queue", meaning: "waiting at the engine, by what its answer says" },
  prefill: { name: "prefill", meaning: "the engine reads the prompt, by what its answer says" },
  firstToken: {
    name: "to the first token",
    meaning: "at the engine until its first token: queue and prefill together",
  },
  decode: { name: "decode", meaning: "at the engine from the first token to the end of its answer" },
  engine: {
    name: "engine, not split",
    meaning: "an answer that was not streamed, so its first token was not seen",
  },
  call: { name: "gateway and engine", meaning: "no inner tap saw what reached the engine" },
  user: { name: "simulated user", meaning: "a model call of the simulated user" },
  toolWait: { name: "waiting for a tool worker", meaning: "asked for, and not begun" },
  tool: { name: "tool", meaning: "a tool at work" },
} as const;
export type Stretch = keyof typeof stretches;

export interface WaterfallRow extends Span {
  readonly kind: "agent" | "user" | "tool";
  /** Its number among the rows of its kind, from 1. */
  readonly number: number;
  readonly name: string;
  /** Index in the list of requests or of tool runs. */
  readonly index: number;
  readonly failed: boolean;
  readonly parts: readonly (Span & { readonly stretch: Stretch })[];
  /** When the client saw the first token; null where it did not, or a part ends there. */
  readonly firstTokenNs: number | null;
}

/** Requests and tools of an episode in order of start. Pure. @param stages what the engine said of each request's stages */
export function waterfallRows(
  requests: readonly SeenRequest[],
  tools: readonly ToolRun[],
  stages: ReadonlyMap<SeenRequest, EngineStages>,
): readonly WaterfallRow[] {
  const numbers = { agent: 0, user: 0, tool: 0 };
  const rows = [
    ...requests.map((request, index) => ({
      startedNs: request.outer.startedNs,
      make: () => requestRow(request, index),
    })),
    ...tools.map((run, index) => ({ startedNs: run.receivedNs, make: () => toolRow(run, index) })),
  ].sort((a, b) => a.startedNs - b.startedNs);
  return rows.map(({ make }) => {
    const row = make();
    numbers[row.kind] += 1;
    return { ...row, number: numbers[row.kind] };
  });

  function requestRow(request: SeenRequest, index: number): WaterfallRow {
    const { side, outer, inner } = request;
    const parts =
      side === "user"
        ? [{ ...spanOf(outer), stretch: "user" as const }]
        : inner.length === 0
          ? [{ ...spanOf(outer), stretch: "call" as const }]
          : callParts(outer, inner, stages.get(request) ?? null);
    return {
      kind: side,
      number: 0,
      name: side === "agent" ? "model" : "user",
      index,
      failed: !isAnswered(outer),
      ...spanOf(outer),
      parts: parts.filter(({ startedNs, endedNs }) => endedNs > startedNs),
      firstTokenNs: inner.length === 0 ? outer.firstTokenNs : null,
    };
  }
}

/** From the first start to the last end. */
export function spanOver(spans: readonly Span[]): Span {
  let [startedNs, endedNs] = [spans[0]?.startedNs ?? 0, spans[0]?.endedNs ?? 0];
  for (const span of spans) {
    startedNs = Math.min(startedNs, span.startedNs);
    endedNs = Math.max(endedNs, span.endedNs);
  }
  return { startedNs, endedNs };
}

function spanOf({ startedNs, endedNs }: Span): Span {
  return { startedNs, endedNs };
}

function toolRow(run: ToolRun, index: number): WaterfallRow {
  const { name, receivedNs, endedNs, error } = run;
  const startedNs = Math.min(Math.max(run.startedNs ?? receivedNs, receivedNs), endedNs);
  const parts = [
    { startedNs: receivedNs, endedNs: startedNs, stretch: "toolWait" as const },
    { startedNs, endedNs, stretch: "tool" as const },
  ];
  return {
    kind: "tool",
    number: 0,
    name,
    index,
    failed: error,
    startedNs: receivedNs,
    endedNs,
    parts: parts.filter((part) => part.endedNs > part.startedNs),
    firstTokenNs: null,
  };
}

/** What is not at the engine is on the way; several requests to the engine follow each other or, where it was asked twice, overlap. */
function callParts(
  outer: TappedExchange,
  inner: readonly TappedExchange[],
  stages: EngineStages | null,
): WaterfallRow["parts"] {
  const parts: WaterfallRow["parts"][number][] = [];
  let freeNs = outer.startedNs;
  for (const exchange of inner) {
    parts.push({ startedNs: freeNs, endedNs: exchange.startedNs, stretch: "path" });
    // Stages are those of the answer that was passed on: where there were several requests they may be of another one.
    parts.push(...engineParts(exchange, inner.length === 1 ? stages : null));
    freeNs = Math.max(freeNs, exchange.endedNs);
  }
  parts.push({ startedNs: freeNs, endedNs: outer.endedNs, stretch: "path" });
  return parts;
}

function engineParts(exchange: TappedExchange, stages: EngineStages | null): WaterfallRow["parts"] {
  const { startedNs, endedNs, firstTokenNs } = exchange;
  if (firstTokenNs === null) return [{ startedNs, endedNs, stretch: "engine" }];
  const decode = { startedNs: firstTokenNs, endedNs, stretch: "decode" } as const;
  const queuedNs = stages?.queueMs == null ? null : startedNs + stages.queueMs * 1e6;
  // A queue that ended after the first token was not that of this request.
  if (queuedNs === null || queuedNs > firstTokenNs)
    return [{ startedNs, endedNs: firstTokenNs, stretch: "firstToken" }, decode];
  return [
    { startedNs, endedNs: queuedNs, stretch: "queue" },
    { startedNs: queuedNs, endedNs: firstTokenNs, stretch: "prefill" },
    decode,
  ];
}
