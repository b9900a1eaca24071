import { existsSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { messageOf, RunUnreadableError } from "../errors.ts";
import { isAnswered, readTapTimings, type TapTiming } from "../evidence/tap-timing.ts";
import type { FidelityFacts } from "../store/fidelity-facts.ts";
import { readBodies, type ExchangeBodies } from "../tap/read-bodies.ts";
import { isGenerationRequest } from "../workload/exchange.ts";
import { digestOf } from "./body-digest.ts";
import { comparePair } from "./compare-pair.ts";
import { countEndings, countUnjoined } from "./endings.ts";
import {
  joinByHeaders,
  joinExchanges,
  type BodyDigest,
  type JoinedExchanges,
  type JoinedRequest,
} from "./join-exchanges.ts";
import type { ArmToCompare } from "./rewrites.ts";
import { Tally } from "./tally.ts";

/**
 * Compares what entered an arm in a segment with what reached the engine, and what it answered with what left the arm.
 * Reads the evidence of a closed segment, bodies one at a time, and lets the event loop run in between.
 */
export async function compareSegment(directory: string, arm: ArmToCompare): Promise<FidelityFacts> {
  const tally = new Tally(arm.rewrites);
  const timings = await readTapTimings(directory, []);
  tally.requests = timings.filter((timing) => timing.hop === "outer" && isGenerationRequest(timing)).length;
  if (tally.requests > 0) {
    try {
      await compareInto(tally, { directory, arm, timings });
    } catch (error) {
      if (!(error instanceof RunUnreadableError)) throw error;
      tally.unknown(`the recorded bodies cannot be read: ${messageOf(error)}`, tally.requests);
    }
  }
  return tally.facts(arm.name);
}

interface Evidence {
  readonly directory: string;
  readonly arm: ArmToCompare;
  readonly timings: readonly TapTiming[];
}

async function compareInto(tally: Tally, { directory, arm, timings }: Evidence): Promise<void> {
  if (!arm.innerTapped) {
    tally.unknown("no tap stands in front of the engine, so what reached it was not seen", tally.requests);
    return;
  }
  if (!timings.some((timing) => timing.hop === "inner" && isGenerationRequest(timing))) {
    tally.unknown("no request passed the tap in front of the engine", tally.requests);
    return;
  }
  const bodies = new SegmentBodies(directory, timings);
  const byHeaders = joinByHeaders(timings);
  const digests =
    bodies.kept && byHeaders.outer.length + byHeaders.inner.length > 0 ? await bodies.digests() : null;
  const exchanges = joinExchanges(timings, digests === null ? null : (timing) => digests.get(timing));
  countUnjoined(tally, exchanges, digests);
  for (const request of exchanges.joined) countEndings(tally, request);
  if (bodies.kept) await compareBodies(tally, bodies, exchanges);
  else
    tally.unknown(
      "contents of requests and answers: their bodies were not kept (output.bodies: false, or a replay after its first block)",
      exchanges.joined.length,
    );
}

/** Each pair is compared when the second of its two bodies has been read; until then one is held. */
async function compareBodies(
  tally: Tally,
  bodies: SegmentBodies,
  { joined }: JoinedExchanges,
): Promise<void> {
  const partners = new Map<TapTiming, { outer: TapTiming; inner: TapTiming }>();
  for (const { outer, inner } of joined) {
    const answering = answeringOf({ outer, inner });
    if (answering === undefined) continue;
    partners.set(outer, { outer, inner: answering }).set(answering, { outer, inner: answering });
  }
  const held = new Map<TapTiming, ExchangeBodies>();
  for await (const { timing, exchange } of bodies.read()) {
    const pair = partners.get(timing);
    if (pair === undefined) continue;
    const other = timing === pair.outer ? pair.inner : pair.outer;
    const known = held.get(other);
    held.delete(other);
    if (known === undefined) held.set(timing, exchange);
    else countPair(tally, pair, timing === pair.outer ? [exchange, known] : [known, exchange]);
  }
  if (held.size > 0) tally.unknown("the body of one side was not recorded", held.size);
}

/** Of several answers of the engine the one that the arm passed on: with its usage, else the last. */
function answeringOf({ outer, inner }: JoinedRequest): TapTiming | undefined {
  const answered = inner.filter(isAnswered);
  const same = answered.findLast(({ usage }) => isDeepStrictEqual(usage, outer.usage));
  return same ?? answered.at(-1) ?? inner.at(-1);
}

function countPair(
  tally: Tally,
  pair: { readonly outer: TapTiming; readonly inner: TapTiming },
  bodies: readonly [ExchangeBodies, ExchangeBodies],
): void {
  const { request, answer } = comparePair(pair, bodies);
  tally.compared("request", request, pair.outer);
  if (answer !== null) tally.compared("answer", answer, pair.outer);
}

/** How long the event loop may be held, in milliseconds. */
const holdMs = 20;

/** The bodies of a segment beside their timings: a tap writes both files in one order. */
class SegmentBodies {
  readonly kept: boolean;
  readonly #directory: string;
  readonly #timings: readonly TapTiming[];

  constructor(directory: string, timings: readonly TapTiming[]) {
    this.#directory = directory;
    this.#timings = timings;
    this.kept = ["bodies.ndjson", "bodies.ndjson.zst"].some((name) => existsSync(join(directory, name)));
  }

  async *read(): AsyncGenerator<{ readonly timing: TapTiming; readonly exchange: ExchangeBodies }> {
    let at = 0;
    let freeMs = performance.now();
    for await (const exchange of readBodies(this.#directory)) {
      const timing = this.#timings[at];
      at += 1;
      if (timing?.hop !== exchange.hop || timing.requestId !== exchange.requestId)
        throw new RunUnreadableError(
          `line ${at} of bodies.ndjson is of another exchange than that of taps.ndjson in ${this.#directory}`,
        );
      if (timing.hop !== "user" && isGenerationRequest(timing)) yield { timing, exchange };
      if (performance.now() - freeMs < holdMs) continue;
      await nextTurn();
      freeMs = performance.now();
    }
  }

  async digests(): Promise<ReadonlyMap<TapTiming, BodyDigest>> {
    const digests = new Map<TapTiming, BodyDigest>();
    for await (const { timing, exchange } of this.read()) digests.set(timing, digestOf(exchange));
    return digests;
  }
}
