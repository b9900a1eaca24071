import { describe, expect, test } from "vitest";
import { writeExposition } from "../../../bench/simulator/exposition/exposition.ts";
import { RequestMetrics } from "../../../bench/simulator/exposition/request-metrics.ts";
import { type ScheduledSequence, schedule } from "../../../bench/simulator/scheduling/sequence.ts";
import { sglangTraits } from "../../../bench/simulator/settings/sglang.ts";

const ms = 1e6;

/** A request that arrives at 0, has its first token at 100 ms, and another every 10 ms. */
function played(metrics: RequestMetrics, tokens: number, streamed: boolean): ScheduledSequence {
  const scheduled = schedule({
    id: "r",
    promptIds: new Int32Array(7),
    outputIds: new Int32Array(tokens),
    finish: { type: "length", length: tokens },
    streamed,
    counted: true,
    arrivalNs: 0,
    onToken: () => {},
    onFinish: () => {},
  });
  scheduled.prefillStartNs = 0;
  for (let at = 0; at < tokens; at++) {
    const nowNs = (100 + at * 10) * ms;
    scheduled.produced++;
    scheduled.tokenNs.push(nowNs);
    metrics.token(scheduled, nowNs);
  }
  metrics.finished(scheduled, scheduled.sequence.finish, (100 + (tokens - 1) * 10) * ms);
  return scheduled;
}

function sums(metrics: RequestMetrics, family: string): { readonly sum: number; readonly count: number } {
  const lines = writeExposition(metrics.families()).split("\n");
  const valueOf = (suffix: string) =>
    lines
      .filter((line) => line.startsWith(`sglang:${family}_${suffix}{`))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  return { sum: Math.round(valueOf("sum") * 1000) / 1000, count: valueOf("count") };
}

describe.each([
  ["0.5.10", false],
  ["0.5.23", true],
] as const)("SGLang %s", (version, seesFirstToken) => {
  const fresh = () => new RequestMetrics("m", sglangTraits[version]);

  test("a streamed request: time to its first token, and the time between any two", () => {
    const metrics = fresh();
    played(metrics, 30, true);
    expect(sums(metrics, "time_to_first_token_seconds")).toEqual({ sum: 0.1, count: 1 });
    expect(sums(metrics, "inter_token_latency_seconds")).toEqual({ sum: 0.29, count: 29 });
  });

  test("a short one in one piece has no time between tokens, and in 0.5.10 its first token at its end", () => {
    const metrics = fresh();
    played(metrics, 30, false);
    expect(sums(metrics, "e2e_request_latency_seconds")).toEqual({ sum: 0.39, count: 1 });
    expect(sums(metrics, "time_to_first_token_seconds")).toEqual({
      sum: seesFirstToken ? 0.1 : 0.39,
      count: 1,
    });
    expect(sums(metrics, "inter_token_latency_seconds").count).toBe(0);
  });

  test("a long one in one piece is reported at every 50th token and at its end", () => {
    const metrics = fresh();
    played(metrics, 120, false);
    // The 50th token comes at 590 ms; 50 and 20 tokens follow in two reports.
    expect(sums(metrics, "time_to_first_token_seconds").sum).toBe(seesFirstToken ? 0.1 : 0.59);
    expect(sums(metrics, "inter_token_latency_seconds")).toEqual({ sum: 0.7, count: 70 });
  });

  test("an aborted one counts with what it got; its abort is counted where it is ordered", () => {
    const metrics = fresh();
    const scheduled = played(metrics, 3, true);
    metrics.abortSent();
    metrics.finished(scheduled, { type: "abort", message: "gone" }, 200 * ms);
    const page = writeExposition(metrics.families());
    expect(page).toMatch(/num_aborted_requests_total\{.*\} 1\.0/);
    expect(page).toMatch(/generation_tokens_total\{.*\} 6\.0/);
  });
});
