import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { verdicts, type Verdict } from "../../bench/analysis/cell/verdict.ts";
import type { ReportModel } from "../../bench/report/model/report-model.ts";
import { lies } from "../liars/lies.ts";
import { lyingArms } from "../liars/lying-sweep.ts";
import { fastEngine, lastLine, slowStack, unchecked, Workplace } from "./small-experiment.ts";
import {
  cellSummaries,
  episodesOf,
  expectExit,
  pause,
  tollgate,
  TollgateProcess,
} from "./tollgate-process.ts";

/**
 * Every verdict with a fault that is planted in a real run and turns it red under its own name. The fault-free row is the
 * other half of the proof: without a fault every cell is valid.
 */
interface Row {
  readonly verdict: Verdict;
  readonly fault: string;
  /** Verdict by cell. */
  readonly run: () => Promise<Readonly<Record<string, unknown>>>;
  /** What the reason has to say. */
  readonly reason: RegExp;
}

const raw = [{ kind: "raw" }];
const faulty = (...faults: readonly string[]) => ({
  kind: "embedded",
  agent: { ...fastEngine, faults },
  user: fastEngine,
});

/** A gateway that tells one of the lies of test/liars. */
const lying = (lie: string) => {
  const command = [
    process.execPath,
    join(import.meta.dirname, "../liars/liar.ts"),
    "{port}",
    "{engine}",
    lie,
  ];
  return sweep({ arms: [{ kind: "command", name: "liar", command }] });
};

const rows: readonly Row[] = [
  {
    verdict: "request-altered",
    fault: "a gateway that sets another temperature",
    run: () => lying("temperature-changed"),
    reason: /temperature .* was sent, .* reached the engine, in \d+ of \d+ requests; first: request/,
  },
  {
    verdict: "answer-altered",
    fault: "a gateway that writes another text",
    run: () => lying("answer-text-changed"),
    reason: /answer\.text .* left the arm, in \d+ of \d+ requests; first: request/,
  },
  {
    verdict: "valid",
    fault: "no fault, straight and through the gateway",
    run: () => sweep({}),
    reason: /^$/,
  },
  {
    verdict: "engine-died",
    fault: "an engine that kills itself in its 8th request",
    run: () => sweep({ stack: faulty("die-after=7"), arms: raw }),
    reason: /a part of the stack ended in segment s0/,
  },
  {
    verdict: "different-engines",
    fault: "a gateway that forwards to another engine than the one whose counters are read",
    run: elsewhere,
    reason: /none of the \d+ answered requests reached the engine whose counters were read/,
  },
  {
    verdict: "engine-restarted",
    fault: "an engine that is restarted on its port between two requests",
    run: restarted,
    reason: /went down or vanished/,
  },
  {
    verdict: "failing",
    fault: "an engine that refuses a third of its requests",
    run: () => sweep({ stack: faulty("http-500=0.35"), arms: raw, limits: { failures: 0 } }),
    reason: /\d of 2 episodes failed \(limits\.failedShare 5 %\): \d engine, first: .*500/,
  },
  {
    verdict: "request-altered",
    fault: "a gateway that sends another temperature on",
    run: () =>
      sweep({ arms: lyingArms({ rows: lies.filter(({ name }) => name === "temperature-changed") }) }),
    reason: /temperature 0 was sent, 0\.9 reached the engine, in (\d+) of \1 requests/,
  },
  {
    verdict: "answer-altered",
    fault: "a gateway that answers in other words",
    run: () =>
      sweep({ arms: lyingArms({ rows: lies.filter(({ name }) => name === "answer-text-changed") }) }),
    reason: /answer\.text is another text: the engine answered .* left the arm/,
  },
  {
    verdict: "interrupted",
    fault: "SIGINT in the middle of a cell",
    run: () => during((driver) => driver.kill("SIGINT")),
    reason: /\d of 4 episodes are finished/,
  },
  {
    verdict: "not-drained",
    fault: "a long request of somebody else at the engine",
    run: occupied,
    reason: /not idle before the closing snapshot/,
  },
  {
    verdict: "no-metrics",
    fault: "an engine without /metrics",
    run: () => sweep({ stack: faulty("no-metrics"), arms: raw, limits: { drainSeconds: 0.5 } }),
    reason: /no token counters of the agent engine/,
  },
  {
    verdict: "token-mismatch",
    fault: "an engine that says one token too many in every answer",
    run: () => sweep({ stack: faulty("usage-skew"), arms: raw }),
    reason: /completion tokens: inner tap \d+, engine counter \d+/,
  },
  {
    verdict: "client-limited",
    fault: "a driver that stands still for a second",
    run: () =>
      during(async (driver) => {
        driver.kill("SIGSTOP");
        await pause(1_000);
        driver.kill("SIGCONT");
      }),
    reason: /driver: its event loop stood still for/,
  },
  {
    verdict: "unstable",
    fault: "an engine that grows slower with every request",
    run: drifting,
    reason: /e2e_mean varies by \d.* between 3 repetitions, more than variance\.maxCv 2 %/,
  },
  {
    verdict: "rate-missed",
    fault: "a replay that is to begin a million conversations a second",
    run: tooFast,
    reason: /\/s sent of 1000000\.00\/s planned/,
  },
];

// A machine that is busy with other things limits the client at times: the verdict is right then, and the row is run again.
test.each(rows)("$fault: $verdict", { retry: 2 }, async ({ verdict, run, reason }) => {
  const cells = await run();
  const found = Object.values(cells) as {
    readonly verdict: string;
    readonly reasons: { detail: string }[];
  }[];
  expect(found.map(({ verdict }) => verdict)).toEqual(found.map(() => verdict));
  expect(found.length).toBeGreaterThan(0);
  for (const { reasons } of found) {
    expect(reasons.map(({ detail }) => detail).join("\n")).toMatch(reason);
  }
});

test("no verdict is without a planted fault", () => {
  const planted = new Set(rows.map(({ verdict }) => verdict));
  expect(verdicts.filter((verdict) => !planted.has(verdict))).toEqual([]);
});

async function sweep(changes: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  using place = new Workplace(changes);
  const finished = await place.sweep(...unchecked);
  const run = lastLine(finished);
  if (run === "") throw new Error(finished.stderr);
  return cellSummaries(run);
}

/** Repetitions are held against each other when all are there: what the run's report says of its cells, not their records. */
async function drifting(): Promise<Record<string, unknown>> {
  using place = new Workplace({
    stack: faulty("drift=50"),
    arms: raw,
    agent: { kind: "chat" },
    workload: { kind: "echo", trials: 2 },
    sweep: { concurrency: [1] },
    variance: { maxCv: 0.02, repetitionsMax: 3, of: ["e2e_mean"] },
  });
  const run = lastLine(await place.sweep(...unchecked));
  const { cells } = JSON.parse(readFileSync(join(run, "report/report.json"), "utf8")) as ReportModel;
  return Object.fromEntries(cells.map((cell) => [cell.cellId, cell]));
}

/** Does something to the driver while its only cell runs. */
async function during(act: (driver: TollgateProcess["child"]) => unknown): Promise<Record<string, unknown>> {
  using place = new Workplace({
    stack: slowStack,
    arms: raw,
    workload: { domain: "library", tasks: { count: 4 } },
    sweep: { concurrency: [1] },
  });
  await using driver = place.start(...unchecked);
  const run = await driver.runDirectory();
  await driver.until(() => episodesOf(run).length > 0, { what: "a first episode" });
  await act(driver.child);
  await driver.finished();
  return cellSummaries(run);
}

async function elsewhere(): Promise<Record<string, unknown>> {
  const engines = await Promise.all([simulator("agent"), simulator("user"), simulator("agent")]);
  await using _agent = engines[0];
  await using _user = engines[1];
  await using other = engines[2];
  return await sweep({
    stack: attach(engines[0], engines[1]),
    arms: [{ kind: "url", name: "gateway", url: urlOf(other) }],
  });
}

/** Only an open load has a rate that it can miss; a sweep's is closed. */
async function tooFast(): Promise<Record<string, unknown>> {
  using place = new Workplace({ arms: raw });
  const run = lastLine(await place.sweep(...unchecked));
  const load = ["--load", "open:1000000:constant", "--arms", "raw,raw", "--no-floor", "--repetitions", "4"];
  const size = ["--max-tokens", "4", "--think", "0"];
  const replayed = await tollgate(["replay", run, "--out", place.runs, ...load, ...size], place.environment);
  expectExit(replayed, 1);
  const report = readFileSync(join(lastLine(replayed), "report", "report.json"), "utf8");
  return { replay: JSON.parse(report) as unknown };
}

/** The preflight is left in, because it moves the counters that a restart then takes back. */
async function restarted(): Promise<Record<string, unknown>> {
  const [agent, user] = await Promise.all([simulator("agent"), simulator("user", "--decode-step-ms", "20")]);
  await using _agent = agent;
  await using _user = user;
  using place = new Workplace({
    stack: attach(agent, user),
    arms: raw,
    workload: { domain: "library", tasks: { count: 3 } },
    sweep: { concurrency: [1] },
  });
  await using driver = place.start();
  const run = await driver.runDirectory();
  await driver.until(() => episodesOf(run).length > 0, { what: "a first episode" });
  driver.child.kill("SIGSTOP");
  const { port } = new URL(urlOf(agent));
  await agent[Symbol.asyncDispose]();
  await using _again = await simulator("agent", "--port", port);
  driver.child.kill("SIGCONT");
  await driver.finished();
  return cellSummaries(run);
}

async function occupied(): Promise<Record<string, unknown>> {
  // So slow that the request takes three minutes: longer than a sweep beside it does on a busy machine.
  const [agent, user] = await Promise.all([simulator("agent", "--decode-step-ms", "2"), simulator("user")]);
  await using _agent = agent;
  await using _user = user;
  const away = new AbortController();
  const sampling = { max_new_tokens: 100_000, ignore_eos: true };
  const foreign = fetch(`${urlOf(agent)}/generate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text: "Count to a hundred thousand.", sampling_params: sampling }),
    signal: away.signal,
  }).catch(() => null);
  const cells = await sweep({ stack: attach(agent, user), arms: raw, limits: { drainSeconds: 0.5 } });
  away.abort();
  await foreign;
  return cells;
}

async function simulator(role: "agent" | "user", ...options: readonly string[]): Promise<TollgateProcess> {
  const data = "openclaw-tau2/data";
  const tasks = ["--domain", "library", "--data", data, "--schemas", `${data}/tau2/domains/library`];
  const port = options.includes("--port") ? [] : ["--port", "0"];
  const speed = options.includes("--decode-step-ms")
    ? []
    : ["--decode-step-ms", String(fastEngine.decodeStepMs)];
  const process = new TollgateProcess(["simulate", "--role", role, ...port, ...tasks, ...speed, ...options]);
  await process.until(() => process.stdout.includes("\n"), { what: "a ready line" });
  return process;
}

const urlOf = ({ stdout }: TollgateProcess) => (JSON.parse(stdout) as { url: string }).url;

function attach(agent: TollgateProcess, user: TollgateProcess) {
  return { kind: "attach", agent: { url: urlOf(agent) }, user: { url: urlOf(user) } };
}
