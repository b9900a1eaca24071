import { isAnswered, type TapTiming } from "../evidence/tap-timing.ts";
import type { BodyDigest, JoinedExchanges, JoinedRequest } from "./join-exchanges.ts";
import type { Tally } from "./tally.ts";

/** Where the two sides of an arm disagree about how a request ended, and how often it reached the engine. */
export function countEndings(tally: Tally, { outer, inner }: JoinedRequest): void {
  const failed = inner.filter((timing) => !isAnswered(timing));
  const answered = inner.length - failed.length;
  if (isAnswered(outer) && answered === 0) {
    const how = endingOf(failed.at(-1));
    const what = `the engine's answer ${how.what}, and the arm gave a complete one`;
    tally.add({ kind: "hidden-failure", about: how.about, what }, outer);
  }
  if (!isAnswered(outer) && answered > 0 && outer.outcome !== "client-aborted") {
    const how = endingOf(outer);
    const what = `the engine answered, and the arm's answer ${how.what}`;
    tally.add({ kind: "gateway-failure", about: how.about, what }, outer);
  }
  if (inner.length > 1 && outer.outcome !== "client-aborted") {
    const about = failed.length > 0 ? "after a failure" : "without a failure";
    const reason = failed.length > 0 ? `: the first answer ${endingOf(failed[0]).what}` : "";
    const what = `the arm sent one request ${inner.length} times${reason}`;
    tally.add({ kind: "retried", about, what }, outer);
  }
}

/** Answers without a request to the engine, and requests to the engine without one of the agent. */
export function countUnjoined(
  tally: Tally,
  { joined, unserved, unasked, unclear }: JoinedExchanges,
  digests: ReadonlyMap<TapTiming, BodyDigest> | null,
): void {
  const servedBy = (key: keyof BodyDigest) =>
    Map.groupBy(
      joined.map(({ outer }) => outer),
      (outer) => digests?.get(outer)?.[key] ?? null,
    );
  const [byBody, byAnswer] = [servedBy("body"), servedBy("answer")];
  for (const outer of unserved) {
    if (outer.outcome === "client-aborted") continue;
    if (isAnswered(outer)) {
      const { body = null, answer = null } = digests?.get(outer) ?? {};
      const asked = body === null ? [] : (byBody.get(body) ?? []);
      const said = answer === null ? [] : (byAnswer.get(answer) ?? []);
      tally.add({ kind: "not-from-engine", ...whence(outer, { asked, said }) }, outer);
    } else {
      const { about, what } = endingOf(outer);
      const said = `nothing was asked of the engine, and the arm's answer ${what}`;
      tally.add({ kind: "gateway-failure", about: `${about}, engine not asked`, what: said }, outer);
    }
  }
  for (const inner of unasked) {
    const what = "the engine was sent a request that the agent did not make";
    tally.add({ kind: "own-request", about: "made by the gateway", what }, inner);
  }
  if (unclear.outer.length > 0)
    tally.unknown(
      "which of the requests at the engine belong to these: the gateway passes no identity on, and texts, times and tokens fit several",
      unclear.outer.length,
    );
}

/** @param alike requests that the engine did answer, with the same text, or with the same answer */
function whence(
  outer: TapTiming,
  alike: { readonly asked: readonly TapTiming[]; readonly said: readonly TapTiming[] },
) {
  const before = (others: readonly TapTiming[]) => others.some(({ endedNs }) => endedNs <= outer.startedNs);
  if (before(alike.asked))
    return {
      about: "from a cache",
      what: "the arm answered without the engine, a request that had been answered before (a cache)",
    };
  if (alike.asked.length > 0)
    return {
      about: "shared",
      what: "the arm answered two requests of the same text at the same time with one of the engine (coalescing)",
    };
  if (before(alike.said))
    return {
      about: "from a cache of answers",
      what: "the arm answered, and no request reached the engine: it gave an answer of the engine to an earlier request once more (a cache)",
    };
  return { about: "from elsewhere", what: "the arm answered, and no request reached the engine" };
}

/** How an exchange failed, as it follows "the answer". */
function endingOf(timing: TapTiming | undefined): { readonly about: string; readonly what: string } {
  if (timing === undefined) return { about: "absent", what: "is absent" };
  const { outcome, status, error, incomplete } = timing;
  if (outcome === "client-aborted" && timing.hop === "inner")
    return { about: "left", what: "was left before its end (the gateway closed the connection)" };
  if (outcome === "upstream-truncated") return { about: "cut", what: "was cut off" };
  if (outcome !== "completed")
    return { about: "failed", what: `did not come${error === null ? "" : ` (${error.slice(0, 120)})`}` };
  if (status !== 200) return { about: `status ${status}`, what: `had status ${status}` };
  return { about: "incomplete", what: (incomplete ?? "was incomplete").slice(0, 160) };
}
