import type { SeenCell } from "../evidence/cell-evidence.ts";
import type { Seen } from "../evidence/taps.ts";
import { total } from "../numbers/samples.ts";

/** A request at both taps. */
export interface SeenTwice {
  readonly episodeId: string;
  readonly outer: Seen;
  readonly inner: Seen;
}

/** The requests of a cell that both taps saw under one id. */
export interface CellHops {
  readonly pairs: readonly SeenTwice[];
  /** Answered requests of episodes at the outer tap. */
  readonly requests: number;
  /** Sent more than once behind the arm. */
  readonly retried: number;
  /** Whether ids tell of every request whose it is; else others are joined by times, which is not done here. */
  readonly byIdAlone: boolean;
  /** Mean milliseconds between the taps over all requests, with how many; null where the taps saw different ones. */
  readonly mean: { readonly ms: number; readonly requests: number } | null;
}

export function hopsOf({ outer, inner }: SeenCell): CellHops {
  const own = outer.filter(({ episodeId }) => episodeId !== null);
  const answered = own.filter((request) => request.answered);
  const behind = Map.groupBy(inner, ({ requestId }) => requestId);
  const unique = new Set(answered.map(({ requestId }) => requestId)).size === answered.length;
  const found = answered.map((request) => ({ request, inner: behind.get(request.requestId) ?? [] }));
  const pairs = found.flatMap(({ request, inner: [only, ...more] }) =>
    only !== undefined && more.length === 0 && only.answered
      ? [{ episodeId: request.episodeId ?? "", outer: request, inner: only }]
      : [],
  );
  const retried = found.filter(({ inner: all }) => all.length > 1).length;
  return {
    pairs,
    requests: answered.length,
    retried,
    byIdAlone: unique && pairs.length + retried === answered.length,
    mean: meanOf(own, inner),
  };
}

function meanOf(outer: readonly Seen[], inner: readonly Seen[]): CellHops["mean"] {
  const all = [...outer, ...inner];
  const whole = all.every(
    ({ answered, usage, firstByteNs }) => answered && usage !== null && firstByteNs !== null,
  );
  if (outer.length === 0 || outer.length !== inner.length || !whole) return null;
  const tokens = (of: "promptTokens" | "completionTokens") => (requests: readonly Seen[]) =>
    total(requests.map(({ usage }) => usage?.[of] ?? 0));
  const unlike = (["promptTokens", "completionTokens"] as const).some(
    (of) => tokens(of)(outer) !== tokens(of)(inner),
  );
  if (unlike) return null;
  const ms = (requests: readonly Seen[]) => total(requests.map(({ e2eMs }) => e2eMs));
  return { ms: (ms(outer) - ms(inner)) / outer.length, requests: outer.length };
}
