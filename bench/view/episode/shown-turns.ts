import type { Trajectory } from "../../store/record.ts";
import type { SeenRequest } from "./episode-requests.ts";
import type { WaterfallRow } from "./waterfall.ts";
import type { ToolRun } from "./whole-episode.ts";

export type StoredMessage = Trajectory["messages"][number];

/** A message with what the taps and the tool server saw of it, by index in the episode's lists. */
export interface PlacedMessage {
  readonly index: number;
  readonly message: StoredMessage;
  readonly requests: readonly number[];
  /** Of a tool's result: when it ran; null where that is not known. */
  readonly toolRun: number | null;
  /** Of a tool's result: name of the tool that was called; null where no call has its id. */
  readonly toolName: string | null;
}

/** The user speaks, the agent answers. */
export interface ShownTurn {
  /** From 1. */
  readonly number: number;
  readonly messages: readonly PlacedMessage[];
  readonly rows: readonly WaterfallRow[];
  /** Of the rows: requests and tool runs that no message tells of. */
  readonly loose: readonly WaterfallRow[];
}

/** Puts what was said together with what was seen. Without messages everything is one turn. Pure. */
export function shownTurns(
  messages: readonly StoredMessage[],
  seen: {
    readonly requests: readonly SeenRequest[];
    readonly toolRuns: readonly ToolRun[];
    readonly rows: readonly WaterfallRow[];
  },
): readonly ShownTurn[] {
  const placed = placedMessages(messages, seen);
  const groups = turnGroups(placed);
  const turnOf = new Map<string, number>();
  for (const [turn, group] of groups.entries())
    for (const { requests, toolRun } of group) {
      for (const index of requests) turnOf.set(`request ${index}`, turn);
      if (toolRun !== null) turnOf.set(`tool ${toolRun}`, turn);
    }
  const rows = groups.map((): WaterfallRow[] => []);
  const loose = groups.map((): WaterfallRow[] => []);
  let last = 0;
  for (const row of seen.rows) {
    const turn = turnOf.get(`${row.kind === "tool" ? "tool" : "request"} ${row.index}`);
    last = turn ?? last;
    rows[last]?.push(row);
    if (turn === undefined) loose[last]?.push(row);
  }
  return groups.map((group, at) => ({
    number: at + 1,
    messages: group,
    rows: rows[at] ?? [],
    loose: loose[at] ?? [],
  }));
}

function placedMessages(
  messages: readonly StoredMessage[],
  {
    requests,
    toolRuns,
  }: { readonly requests: readonly SeenRequest[]; readonly toolRuns: readonly ToolRun[] },
): readonly PlacedMessage[] {
  const byId = Map.groupBy(requests.keys(), (index) => requests[index]?.outer.requestId ?? "");
  const runs = Map.groupBy(toolRuns.keys(), (index) => toolRuns[index]?.toolCallId ?? null);
  const told = new Set<string>();
  const names = new Map<string, string>();
  return messages.map((message, index) => {
    if (message.role === "tool") {
      const toolRun = runs.get(message.toolCallId)?.shift() ?? null;
      return { index, message, requests: [], toolRun, toolName: names.get(message.toolCallId) ?? null };
    }
    for (const { id, name } of message.toolCalls ?? []) names.set(id, name);
    // Where several messages name one request, it stands with the first.
    const own =
      message.requestId === null || told.has(message.requestId) ? [] : (byId.get(message.requestId) ?? []);
    if (message.requestId !== null) told.add(message.requestId);
    return { index, message, requests: own, toolRun: null, toolName: null };
  });
}

/** A turn begins where the user speaks after the agent, once he has spoken. */
function turnGroups(messages: readonly PlacedMessage[]): readonly (readonly PlacedMessage[])[] {
  const groups: PlacedMessage[][] = [[]];
  let spoken = false;
  let usersSide = false;
  for (const placed of messages) {
    const { message } = placed;
    if (message.role === "user" && spoken && !usersSide) groups.push([]);
    if (message.role === "user") spoken = true;
    usersSide = message.role === "user" || (message.role === "tool" && message.requestor === "user");
    groups.at(-1)?.push(placed);
  }
  return groups;
}
