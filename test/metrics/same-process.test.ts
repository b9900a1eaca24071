import { expect, test } from "vitest";
import { diff } from "../../bench/metrics/delta.ts";
import { deriveEngineDelta } from "../../bench/metrics/engine-delta.ts";
import { readSnapshot } from "../../bench/metrics/snapshot.ts";

interface Page {
  readonly start?: string;
  readonly created?: string;
  readonly prompt?: number;
  readonly generated?: number;
}
const page = ({ start, created, prompt = 1000, generated = 500 }: Page) =>
  (start === undefined
    ? ""
    : `# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds ${start}\n`) +
  `# TYPE vllm:prompt_tokens_total counter\nvllm:prompt_tokens_total{engine="0"} ${prompt}\n` +
  (created === undefined ? "" : `vllm:prompt_tokens_created{engine="0"} ${created}\n`) +
  `# TYPE vllm:generation_tokens_total counter\nvllm:generation_tokens_total{engine="0"} ${generated}\n`;
const derive = (before: Page, after: Page, times = { seconds: 10, firstAtS: Number.NaN }) =>
  deriveEngineDelta(
    diff(readSnapshot(page(before)), readSnapshot(page(after)), {
      seconds: times.seconds,
      firstAtS: Number.isNaN(times.firstAtS) ? null : times.firstAtS,
    }),
    10,
  );
const risen = { prompt: 1600, generated: 620 };
const fallen = { prompt: 30, generated: 12 };

test.each<[string, Page, Page, number | null, RegExp | null]>([
  ["no start time", {}, risen, 600, null],
  [
    "the same start time",
    { start: "1.79532481221e+09" },
    { start: "1.79532481221e+09", ...risen },
    600,
    null,
  ],
  [
    "10 ms later (Go, WSL2)",
    { start: "1.79532481221e+09" },
    { start: "1.79532481222e+09", ...risen },
    600,
    /by 0.01 s .* no restart/,
  ],
  [
    "10 ms earlier",
    { start: "1.79532481222e+09" },
    { start: "1.79532481221e+09", ...risen },
    600,
    /by -0.01 s .* no restart/,
  ],
  ["a second later", { start: "1795324812" }, { start: "1795324813", ...risen }, 600, /by 1 s .* no restart/],
  [
    "the last of few digits",
    { start: "1.79532e+09" },
    { start: "1.79533e+09", ...risen },
    600,
    /by 10000 s .* no restart/,
  ],
  [
    "a clock that was set by less than the interval",
    { start: "1795324812" },
    { start: "1795324820", ...risen },
    600,
    /by 8 s .*less than the time between the scrapes/,
  ],
  [
    "an hour later, everything risen",
    { start: "1795324812" },
    { start: "1795328412", ...risen },
    null,
    /server restarted/,
  ],
  ["later and fallen", { start: "1795324812" }, { start: "1795324820", ...fallen }, null, /server restarted/],
  [
    "an hour earlier: another worker",
    { start: "1795328412" },
    { start: "1795324812", ...risen },
    null,
    /started 3600 s before .*several processes answer/,
  ],
  [
    "an hour earlier and fallen",
    { start: "1795328412" },
    { start: "1795324812", ...fallen },
    null,
    /several processes answer/,
  ],
  [
    "workers that were started together",
    { start: "1795324812.1" },
    { start: "1795324812.4", ...fallen },
    null,
    /counters fell: several processes that were started together/,
  ],
  ["fallen, no start time", {}, fallen, null, /went down from 1000 to 30: the server restarted/],
  [
    "one fell and one rose",
    {},
    { prompt: 1600, generated: 12 },
    null,
    /vllm:generation_tokens_total went down from 500 to 12: 1 other counters rose, so its series began anew or several processes/,
  ],
  [
    "a counter that began anew and is larger",
    { created: "1.795324812e+09" },
    { created: "1.795328812e+09", ...risen },
    null,
    /vllm:prompt_tokens_total began anew, as its creation time says/,
  ],
  [
    "a creation time that jitters",
    { created: "1.79532481221e+09" },
    { created: "1.79532481222e+09", ...risen },
    600,
    null,
  ],
  [
    "a creation time of few digits",
    { created: "1.79532e+09" },
    { created: "1.79532e+09", ...risen },
    600,
    null,
  ],
])("%s", (...[, before, after, prompt, said]) => {
  const derived = derive(before, after);
  expect(derived.prompt_tokens).toBe(prompt);
  expect(derived.reset).toBe(prompt === null);
  // Half of what two processes counted is not a number of one.
  expect(derived.generation_tokens).toBe(prompt === null ? null : 120);
  expect(derived.problems.join("; ")).toMatch(said ?? /^$/);
});

test("where the time of the first scrape is known, a start after it is a restart however soon it came", () => {
  const [before, after] = [{ start: "1795324812" }, { start: "1795324818", ...risen }];
  expect(derive(before, after, { seconds: 60, firstAtS: 1_795_324_815 })).toMatchObject({
    reset: true,
    prompt_tokens: null,
  });
  expect(derive(before, after, { seconds: 60, firstAtS: 1_795_324_900 })).toMatchObject({
    reset: false,
    prompt_tokens: 600,
  });
});

test("the process ids of gauges tell of a restart only beside counters that fell", () => {
  const paused = (pid: number) => `# TYPE vllm:num_paused gauge\nvllm:num_paused{pid="${pid}"} 0\n`;
  const derived = (after: Page) =>
    deriveEngineDelta(diff(readSnapshot(page({}) + paused(11)), readSnapshot(page(after) + paused(29))), 10);
  expect(derived(risen)).toMatchObject({ reset: false, prompt_tokens: 600, problems: [] });
  expect(derived(fallen).problems.join("; ")).toMatch(/vllm:num_paused came from process 11, then from 29/);
});

test("a labelled start time is compared with its own series", () => {
  const workers = (first: number, second: number) =>
    `process_start_time_seconds{worker="a"} ${first}\nprocess_start_time_seconds{worker="b"} ${second}\n`;
  const compared = (second: number) =>
    diff(readSnapshot(workers(1000, 2000) + page({})), readSnapshot(workers(1000, second) + page(risen)), {
      seconds: 10,
    });
  expect(deriveEngineDelta(compared(2000), 10)).toMatchObject({ reset: false, problems: [] });
  expect(deriveEngineDelta(compared(9000), 10)).toMatchObject({ reset: true });
});
