/** A defect that was found in another benchmark of model servers, the test that catches it here, and the defect itself. */
export interface PeerDefect {
  readonly peer: string;
  /** Its number in the survey's list of defects that were measured or read in peers; null: from elsewhere in the survey. */
  readonly section: number | null;
  readonly defect: string;
  /** The test that catches it. */
  readonly file: string;
  readonly title: string;
  /** The defect, planted: `from` occurs once in the product's file and becomes `to`. */
  readonly plant: { readonly file: string; readonly from: string; readonly to: string };
  /** In what the test then prints (`-` expected, `+` received): it has to fail for the defect's sake, not because the planted text does not run. */
  readonly says: RegExp;
}

/** How many defects the survey numbers. */
export const sectionCount = 12;

const fromQueue =
  "latency from the intended start is that of the queue: 20 a second into a server that does 10";
const longAnswers =
  "16 long answers to requests of 200 kB: a first token is stamped when the server sends it";
const schedule = { file: "test/load/schedule.test.ts", product: "bench/load/schedule.ts" };
const runLoad = { file: "test/load/run-load.test.ts", product: "bench/load/run-load.ts" };
const cells = {
  file: "test/analysis/cell/cell-summary.test.ts",
  product: "bench/analysis/cell/judged-evidence.ts",
};
const hard = {
  file: "test/analysis/cell/hard-cells.test.ts",
  product: "bench/analysis/cell/segment-choice.ts",
};
const limits = {
  file: "test/analysis/cell/client-limits.test.ts",
  product: "bench/analysis/cell/client-limits.ts",
};
const reading = { file: "test/answer/read-answer.test.ts", product: "bench/answer/read-answer.ts" };
const segmentSeconds = "seconds: ended === null ? null : (ended.endedNs - segment.startedNs) / 1e9,";
/** Where what was read is said; `#tokenEvents` counts the chunks with text. */
const said = "      usage,\n";
const withUsage = (usage: string) => `      usage: ${usage},\n`;

export const peerDefects: readonly PeerDefect[] = [
  {
    peer: "autocannon 8",
    section: 1,
    defect: "back-fills expected intervals in the wrong unit: a 100 ms server shows 53 ms",
    file: runLoad.file,
    title:
      "a server that takes 100 ms is never said to take less: a sample is a request, and none is made up",
    plant: {
      file: runLoad.product,
      from: "if (next !== undefined) this.#samples.push(readSample(next.asked, next.raw, this.#plan.keep));",
      to: `if (next === undefined) return;
    const sample = readSample(next.asked, next.raw, this.#plan.keep);
    this.#samples.push(sample);
    for (let dueNs = sample.intendedNs + 1e6; dueNs < sample.endedNs; dueNs += 1e6)
      this.#samples.push({ ...sample, intendedNs: dueNs });`,
    },
    says: /expected 5\d\.\d+ to be greater than 95/,
  },
  {
    peer: "inference-perf",
    section: 2,
    defect: "a constant rate draws exponential gaps and rescales them to the length of the stage",
    file: schedule.file,
    title: "a constant rate has gaps that are all the same, also after a million of them",
    plant: {
      file: schedule.product,
      from: `if (arrivals.kind === "constant") return Array.from({ length: count }, (_, at) => at * gapNs);`,
      to: `if (arrivals.kind === "constant") {
    let endNs = 0;
    const ends = Array.from({ length: count }, (_, at) => (at === 0 ? 0 : (endNs += exponential(rng, gapNs))));
    return ends.map((ns, at) => (at === count - 1 ? at * gapNs : (ns / endNs) * (count - 1) * gapNs));
  }`,
    },
    says: /expected (0\.9|1\.0)\d+ to be less than 0\.000001/,
  },
  {
    peer: "inference-perf",
    section: 2,
    defect: "arrivals are not seeded",
    file: schedule.file,
    title: "every schedule ascends and is a function of its seed",
    plant: {
      file: schedule.product,
      from: "? exponential(rng, gapNs)",
      to: "? exponential({ next: Math.random }, gapNs)",
    },
    says: /Property failed[\s\S]*to deeply equal/,
  },
  {
    peer: "guidellm",
    section: 3,
    defect: "workers share a seed, so that Poisson arrivals come in bursts (index of dispersion 1.8 to 6.1)",
    file: schedule.file,
    title: "Poisson arrivals: exponential gaps, independent, as many in every window as the rate says",
    plant: {
      file: schedule.product,
      from: "return Array.from({ length: count }, () => (atNs += draw()));",
      to: `let gap = 0;
  return Array.from({ length: count }, (_, at) => (atNs += at % 2 === 0 ? (gap = draw()) : gap));`,
    },
    says: /expected 0\.\d+ to be less than 0\.1/,
  },
  {
    peer: "guidellm",
    section: 3,
    defect: "arrivals are what was planned: nobody looks at what really came",
    file: "test/selftest/selftest.test.ts",
    title:
      "a generator that sends when it likes is found out by the server's log, though it says that it was on time",
    plant: {
      file: "bench/selftest/arrivals.ts",
      from: "receivedNs: samples.flatMap(({ id }) => served.get(id)?.receivedNs ?? []),",
      to: "receivedNs: arrivalOffsetsNs(plan.arrivals, plan),",
    },
    says: /\+ +"ok": true/,
  },
  {
    peer: "AIPerf (2025-10)",
    section: 4,
    defect: "sleeps an interval after each send, so that the rate drifts",
    file: runLoad.file,
    title: "a thousand sends at 1,000 a second: what is late once does not make the next ones later",
    plant: {
      file: runLoad.product,
      from: `      for (const offsetNs of starts)
        this.#pacer.at(startedNs + offsetNs, () => this.#arrive(startedNs + offsetNs));`,
      to: `      const sleepAndSend = (index: number): void => {
        const offsetNs = starts[index];
        if (offsetNs === undefined) return;
        const gapMs = (offsetNs - (starts[index - 1] ?? 0)) / 1e6;
        setTimeout(() => {
          this.#arrive(startedNs + offsetNs);
          sleepAndSend(index + 1);
        }, gapMs);
      };
      this.#pacer.at(startedNs, () => sleepAndSend(0));`,
    },
    says: /expected \d+\.\d+ to be less than 20/,
  },
  {
    peer: "genai-bench",
    section: 5,
    defect: "a fresh connection for every request: its handshake is inside each TTFT",
    file: "test/load/connections.test.ts",
    title: "requests reuse their connections: no handshake is inside a latency",
    plant: {
      file: "bench/wire/client.ts",
      from: "if (!this.#reusable || !this.#requestOver) this.#drop();",
      to: "this.#drop();",
    },
    says: /expected \d\d to be less than or equal to 2/,
  },
  {
    peer: "genai-bench",
    section: 5,
    defect: "warm-up leaves the token sum and not the time, so that throughput is too low",
    file: cells.file,
    title:
      "what is in no rate is not in its time either: an interrupted segment takes nothing from throughput",
    plant: {
      file: cells.product,
      from: "const used = uses.filter((use) => use.used);",
      to: "const used = uses;",
    },
    says: /\+ +"value": 7\.7/,
  },
  {
    peer: "genai-bench",
    section: 5,
    defect: "what is warm-up goes by the order in which requests ended",
    file: runLoad.file,
    title: "the steady window goes by when requests were due, not by the order in which they ended",
    plant: {
      file: "bench/load/latency.ts",
      from: "return samples.filter(({ intendedNs }) => intendedNs >= startNs && intendedNs <= endNs);",
      to: `const before = samples.filter(({ intendedNs }) => intendedNs < startNs).length;
  const after = samples.filter(({ intendedNs }) => intendedNs > endNs).length;
  return samples.slice(before, samples.length - after);`,
    },
    says: /\+ +3/,
  },
  {
    peer: "genai-bench",
    section: 5,
    defect: "a run in which everything failed crashes",
    file: hard.file,
    title:
      "a cell in which everything failed is reported: no latency, no rate of trajectories, every failure counted",
    plant: {
      file: cells.product,
      from: "return counted(ratio(count * perSeconds, seconds), count);",
      to: `if (count === 0) throw new Error("This should never happen!");
  return counted(ratio(count * perSeconds, seconds), count);`,
    },
    says: /This should never happen!/,
  },
  {
    peer: "inference-perf",
    section: 6,
    defect: "a failed metrics query is 0.0",
    file: "test/metrics/delta.test.ts",
    title: "absent in both is null, present and unmoved is zero",
    plant: {
      file: "bench/metrics/engine-counts.ts",
      from: "return { ...notCounted, why: whyNone(source, { counters, profile, page }) };",
      to: "return { ...notCounted, value: 0 };",
    },
    says: /\+ +"cached_tokens": 0/,
  },
  {
    peer: "inference-perf",
    section: 6,
    defect: "a failed scrape passes for an empty page",
    file: "test/metrics/snapshot.test.ts",
    title: "failures are told apart",
    plant: {
      file: "bench/metrics/snapshot.ts",
      from: "throw transportError(page, error, { options, timedOut: deadline.over });",
      to: `return "";`,
    },
    says: /expected 'no error' to be an instance of ScrapeError/,
  },
  {
    peer: "inference-perf",
    section: 6,
    defect: "rates are over a wider window than the load ran in",
    file: cells.file,
    title: "a cell that ran through: counts, rates, latencies, engine and taps agree",
    plant: { file: hard.product, from: segmentSeconds, to: segmentSeconds.replace("/ 1e9", "/ 1e9 + 5") },
    says: /\+ +"seconds": 15/,
  },
  {
    peer: "guidellm (#216)",
    section: 7,
    defect: "durations from the wall clock: a TTFT of -1.7e12 ms",
    file: hard.file,
    title: "a wall clock that goes back changes no number: durations are monotonic",
    plant: {
      file: hard.product,
      from: segmentSeconds,
      to: "seconds: ended === null ? null : (Date.parse(ended.at) - Date.parse(segment.at)) / 1e3,",
    },
    says: /\+ +"seconds": -\d+/,
  },
  {
    peer: "guidellm (#216)",
    section: 7,
    defect: "a wall clock in a new place",
    file: hard.file,
    title: "nothing in the product subtracts wall clocks",
    plant: {
      file: "bench/run/engine-recovery.ts",
      from: "performance.now() - startMs < newsMs",
      to: "Date.now() - startMs < newsMs",
    },
    says: /\+ +"bench\/run\/engine-recovery\.ts"/,
  },
  {
    peer: "inference-perf (#580)",
    section: 8,
    defect: "token counts differ between client and server and nothing says so",
    file: "test/metrics/reconcile.test.ts",
    title: "a difference is named with its size and where there is more",
    plant: {
      file: "bench/metrics/reconcile.ts",
      from: "if (by > point.plusMinus) differences",
      to: "if (by > 0.1 * previous.count) differences",
    },
    says: /\+ +"verdict": "exact"/,
  },
  {
    peer: "inference-perf (#564, #566)",
    section: 8,
    defect: "text is tokenized chunk by chunk, and each has a BOS of its own",
    file: reading.file,
    title: "the role chunk is not the first token, and usage and finish reason come from the end",
    plant: {
      file: reading.product,
      from: said,
      to: withUsage("usage && { ...usage, completionTokens: 2 * this.#tokenEvents }"),
    },
    says: /\+ +"completionTokens": 6/,
  },
  {
    peer: "vLLM (#44708)",
    section: 8,
    defect: "the client counts for itself: a chunk is a token",
    file: reading.file,
    title: "a chunk is not a token: their number is the one that usage says",
    plant: {
      file: reading.product,
      from: said,
      to: withUsage("usage && { ...usage, completionTokens: this.#tokenEvents }"),
    },
    says: /\+ +"completionTokens": 2/,
  },
  {
    peer: "inference-perf (#580)",
    section: 8,
    defect: "where a server says nothing of tokens, they are guessed and look like counted ones",
    file: reading.file,
    title: "without usage nobody knows how many tokens there were, whatever arrived",
    plant: {
      file: reading.product,
      from: said,
      to: withUsage("usage ?? { promptTokens: 0, completionTokens: this.#tokenEvents, cachedTokens: null }"),
    },
    says: /expected \{ promptTokens.* to be null/,
  },
  {
    peer: "vLLM bench (#39963)",
    section: 9,
    defect: "one read buffer that grows: long contexts make the client the bottleneck",
    file: runLoad.file,
    title: longAnswers,
    plant: {
      file: "bench/load/request-watch.ts",
      from: "      this.#chunks.push(piece);\n",
      to: `      this.#chunks.push(piece);
    for (const line of Buffer.concat(this.#chunks).toString("utf8").split("\\n")) {
      try {
        JSON.parse(line.slice(6));
      } catch {
        continue;
      }
    }
`,
    },
    says: /expected \d+\.\d+ to be less than 25/,
  },
  {
    peer: "vLLM bench (#39963)",
    section: 9,
    defect: "whole answers wait in a buffer between server and reader",
    file: "test/tap/tap.test.ts",
    title: "large bodies pass unchanged in both directions and slow readers slow the engine down",
    plant: {
      file: "bench/wire/forward.ts",
      from: "if (!flows) this.#connection.pause();",
      to: "void flows;",
    },
    says: /expected 1\d{8} to be less than 104857600/,
  },
  {
    peer: "vLLM bench (#54101)",
    section: 9,
    defect: "waiting for a free slot is left out of the latency",
    file: runLoad.file,
    title: fromQueue,
    plant: {
      file: "bench/load/answer-reading.ts",
      from: "    ...asked,\n    sentNs,\n",
      to: "    ...asked,\n    intendedNs: sentNs ?? asked.intendedNs,\n    sentNs,\n",
    },
    says: /expected 1\d\d\.\d+ to be greater than 575/,
  },
  {
    peer: "llm-d-benchmark (#261)",
    section: 10,
    defect:
      "the client's own scheduling is inside TTFT and ITL, and nobody holds its stamps against the server's",
    file: "test/selftest/selftest.test.ts",
    title: "a client whose stamps are 2 ms late is off by 2 ms",
    plant: {
      file: "bench/selftest/client-timing.ts",
      from: "errors.ttftMs.push((firstTokenNs - firstSentNs) / 1e6);",
      to: "errors.ttftMs.push((firstTokenNs - (sample.firstByteNs ?? firstTokenNs)) / 1e6);",
    },
    says: /\+ +"value": 0/,
  },
  {
    peer: "tenstorrent (#259)",
    section: 10,
    defect: "40 ms of the client's own stack are inside each TTFT",
    file: runLoad.file,
    title: longAnswers,
    plant: {
      file: "bench/wire/client.ts",
      from: "if (this.#socket === socket) this.#read(Buffer.from(landing.subarray(0, bytes)));",
      to: `const read = Buffer.from(landing.subarray(0, bytes));
          setTimeout(() => {
            if (this.#socket === socket) this.#read(read);
          }, 40);`,
    },
    says: /expected \d+\.\d+ to be less than 25/,
  },
  {
    peer: "llm-d-benchmark (#261), tenstorrent (#259)",
    section: 10,
    defect: "a client that stood still is not found out",
    file: limits.file,
    title: "one stall in a long cell is a blip, in a short one it is not; too few timers have no p99",
    plant: {
      file: limits.product,
      from: "export const standstillMsMax = 500;",
      to: "export const standstillMsMax = Number.POSITIVE_INFINITY;",
    },
    says: /- +"detail": "driver: its event loop stood still for 0\.7 s"/,
  },
  {
    peer: "llm-d-benchmark (#261), tenstorrent (#259)",
    section: 10,
    defect: "a client that sends late is not found out",
    file: limits.file,
    title: "requests that were sent late limit what the client could see",
    plant: {
      file: limits.product,
      from: "export const latenessMsMax = { p50: 1, p99: 20 } as const;",
      to: "export const latenessMsMax = { p50: Infinity, p99: Infinity } as const;",
    },
    says: /- +"detail": "raw: requests were sent 3\.0 ms late/,
  },
  {
    peer: "guidellm (#470)",
    section: 11,
    defect: "6 % less throughput than another client at the same setting, and no word of it",
    file: limits.file,
    title: "six in a hundred that were not sent are a missed rate, four are not",
    plant: {
      file: limits.product,
      from: "export const rateErrorMax = 0.05;",
      to: "export const rateErrorMax = 0.1;",
    },
    says: /- +"rate-missed"/,
  },
  {
    peer: "guidellm (#470)",
    section: 11,
    defect: "in flight is what follows from the other numbers, not what was there",
    file: "test/statistics/little.test.ts",
    title: "stays cut by the window's edges leave a discrepancy of their size",
    plant: {
      file: "bench/statistics/little.ts",
      from: "const inFlight = presentNs / lengthNs;",
      to: "const inFlight = stayNs / lengthNs;",
    },
    says: /\+ +"discrepancy": 0/,
  },
  {
    peer: "sglang bench_serving (#8285)",
    section: 12,
    defect: "one run is taken for evidence: TTFT of the same command was 1.7 to 47 s",
    file: "test/report/report.test.ts",
    title: "one pair of cells cannot say that episodes take longer; three that agree can",
    plant: {
      file: "bench/analysis/estimates/paired-difference.ts",
      from: `const supported = tasks >= minimumTasks && (kind !== "time" || unit === "cell pairs");`,
      to: "const supported = tasks >= minimumTasks;",
    },
    says: /\+ +"finding": "more"/,
  },
  {
    peer: "sglang bench_serving (#8285)",
    section: 12,
    defect: "drift between runs is not in an interval",
    file: "test/statistics/coverage.test.ts",
    title: "ignoring blocks is too sure of itself: the reason why blocks are the unit",
    plant: {
      file: "bench/statistics/paired.ts",
      from: `blocks.filter((block) => block.length > 0).map(centre === "mean" ? meanOf : medianOf);`,
      to: "blocks.flat();",
    },
    says: /expected \d+ to be greater than or equal to 935/,
  },
  {
    peer: "all but MLPerf endpoints",
    section: null,
    defect: "a p99 from a handful of values",
    file: "test/statistics/distribution.test.ts",
    title: "one value short of the rule gives null, the rule itself gives a number",
    plant: {
      file: "bench/statistics/distribution.ts",
      from: "return sorted.length >= minimumSamples(q) ? percentileOfSorted(sorted, q) : null;",
      to: "return percentileOfSorted(sorted, q);",
    },
    says: /- +null/,
  },
  {
    peer: "guidellm (#743), bench_serving (#38868), vllm bench (#57519)",
    section: null,
    defect: "an error inside a 200, or a generation that was given up, counts as an answer",
    file: "test/evidence/request-latencies.test.ts",
    title:
      "answered means status 200, the whole body, and a complete answer where the run says whether it is",
    plant: {
      file: "bench/evidence/tap-timing.ts",
      from: "return arrivedWhole(timing) && (timing.incomplete ?? null) === null;",
      to: "return arrivedWhole(timing);",
    },
    says: /[-+] +(?:true|false)/,
  },
  {
    peer: "all that put a gateway in the path",
    section: null,
    defect: "nobody looks at what the gateway makes of a request",
    file: "test/fidelity/compare-segment.test.ts",
    title: "a change is counted once for each request, and the first one is shown",
    plant: {
      file: "bench/fidelity/compare-requests.ts",
      from: "if (sent.body === received.body && api[0] === api[1]) return nothing;",
      to: "if (api[0] === api[1]) return nothing;",
    },
    says: /- +"about": "temperature changed"/,
  },
  {
    peer: "all that put a gateway in the path",
    section: null,
    defect: "an answer from the gateway's cache counts as one of the engine",
    file: "test/fidelity/compare-segment.test.ts",
    title: "retries and caches are found",
    plant: {
      file: "bench/fidelity/endings.ts",
      from: `tally.add({ kind: "not-from-engine", ...whence(outer, { asked, said }) }, outer);`,
      to: "whence(outer, { asked, said });",
    },
    says: /- +"1 not-from-engine: from a cache"/,
  },
  {
    peer: "CLaaS eval (2026-02)",
    section: null,
    defect: "without log-probabilities the entropy is 0, which alerts a collapse",
    file: "test/feedback/metrics/collapse.test.ts",
    title: "a trainer without log-probabilities raises no alert, whatever the baseline had",
    plant: {
      file: "bench/feedback/text/entropy.ts",
      from: `if (tokens.length === 0) return { why: "the server gives no log-probabilities" };`,
      to: `if (tokens.length === 0) return { entropy: 0, logprob: 0 };`,
    },
    says: /- +"entropy_ratio_to_baseline": null/,
  },
  {
    peer: "CLaaS eval (2026-02)",
    section: null,
    defect: "where the baseline has no margin, what was learned is 0",
    file: "test/feedback/metrics/logprob.test.ts",
    title: "a baseline without a margin leaves no delta: 0 would say that nothing was learned",
    plant: {
      file: "bench/feedback/metrics/logprob.ts",
      from: `return before === undefined ? null :`,
      to: `return before === undefined ? 0 :`,
    },
    says: /\+ +"margin_delta_from_baseline": 0/,
  },
  {
    peer: "CLaaS eval (2026-02)",
    section: null,
    defect: "the summary of a run that was gone on with lacks the steps of before",
    file: "test/feedback/loop/resume.test.ts",
    title: "what is finished is not begun again",
    plant: {
      file: "bench/feedback/loop/preference-run.ts",
      from: `return { preference, loraId, baseline, steps };`,
      to: `return { preference, loraId, baseline, steps: [] };`,
    },
    says: /- +3,\s+\+ +0,/,
  },
  {
    peer: "CLaaS eval (2026-02)",
    section: null,
    defect: "a program that could not be run counts as a wrong one",
    file: "test/feedback/metrics/general.test.ts",
    title: "where no sandbox opens, nobody says that the program was wrong",
    plant: {
      file: "bench/feedback/metrics/general.ts",
      from: `const correct = coding.judged?.correct ?? null;`,
      to: `const correct = coding.judged?.correct ?? false;`,
    },
    says: /\+ +"coding_correct": false/,
  },
  {
    peer: "CLaaS eval (2026-02)",
    section: null,
    defect: "in mode tinker the second preference's baseline is measured on the first one's adapter",
    file: "test/feedback/trainer/http-trainer.test.ts",
    title: "a fresh adapter in mode tinker is not answered by the one that learned before it",
    plant: {
      file: "bench/feedback/trainer/http-trainer.ts",
      from: `if (this.#mode === "tinker") await this.#forgetSampler();`,
      to: ``,
    },
    says: /- +"logprob": -6\.05/,
  },
  {
    peer: "CLaaS eval (2026-02)",
    section: null,
    defect: "an update that was under way when the driver died is made a second time",
    file: "test/feedback/loop/resume.test.ts",
    title: "where the trainer does not count, the update in question is called uncertain and not made again",
    plant: {
      file: "bench/feedback/loop/updates.ts",
      from: `if (made === false) return;`,
      to: `if (made === false || made === null) return;`,
    },
    says: /- +6,\s+\+ +7,/,
  },
];
