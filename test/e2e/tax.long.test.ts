import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  addedToEndMs,
  addedToFirstTokenMs,
  delayLogSchema,
  type HeldRequest,
} from "../../bench/selftest/delay-log.ts";
import type { Added, LoadFindings } from "../../bench/tax/findings.ts";
import type { TaxReport } from "../../bench/tax/tax-report.ts";
import {
  alteringProxy,
  delayGateway,
  gatewayKey,
  nullProxy,
  recordingGateway,
  routerPython,
  sglRouter,
  simulator,
  type StartedServer,
} from "./tax-servers.ts";
import { expectExit, TemporaryFolder, tollgate, type Finished } from "./tollgate-process.ts";

/**
 * The command between a simulated engine and gateways of which something is known. Nothing is asserted of how fast anything
 * is: only that what is known lies within what is reported.
 */
let engine: StartedServer;
beforeAll(async () => {
  engine = await simulator();
}, 60_000);
afterAll(() => engine[Symbol.asyncDispose]());

const reportOf = ({ stdout }: Finished) => JSON.parse(stdout) as TaxReport;
const contains = ({ interval }: Added, value: number) =>
  interval !== null && interval.low <= value && value <= interval.high;
/** An interval of 95 % leaves the truth out in one of twenty; so far out it is only where something is wrong. */
const near = ({ interval }: Added, value: number) => {
  const half = interval === null ? Number.NaN : (interval.high - interval.low) / 2;
  return Math.abs((interval?.estimate ?? Number.NaN) - value) <= 3 * half + 0.5;
};

async function inThreeMinutes(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const startedMs = performance.now();
  const finished = await tollgate(args, environment);
  expect((performance.now() - startedMs) / 1000).toBeLessThan(180);
  return finished;
}

describe("two minutes each", () => {
  test("a server against itself: ten lines of 80 columns, and nothing is found", async () => {
    using folder = new TemporaryFolder();
    const page = join(folder.path, "tax.html");
    const finished = await inThreeMinutes(["tax", engine.url, `${engine.url}/v1`, "--page", page]);
    expectExit(finished, 0);
    const answer =
      finished.stdout
        .split(/\nnote: /)[0]
        ?.trimEnd()
        .split("\n") ?? [];
    expect(answer).toHaveLength(10);
    expect(answer.filter((line) => line.length > 80)).toEqual([]);
    expect(finished.stdout).toContain("SIMULATED");
    expect(finished.stdout).toContain("answers alike: 11 of 11; no errors");
    const html = readFileSync(page, "utf8");
    expect(html).toContain("What is added to a request, ms");
    expect(html).not.toMatch(/<script|src=|href="(?!#)/);
  });

  test("a null proxy is what any proxy is, and nothing beyond that", async () => {
    await using proxy = await nullProxy(engine.url);
    const finished = await inThreeMinutes(["tax", engine.url, proxy.url, "--json", "--minutes", "2.3"]);
    expectExit(finished, 0);
    const report = reportOf(finished);
    expect(report.alterations.findings).toEqual([]);
    // A block of each load by turns, so that all have as many.
    expect(new Set(report.loads.map(({ blocks }) => blocks)).size).toBe(1);
    const itself = report.loads.flatMap(({ gatewayItself }) => gatewayItself ?? []);
    expect(itself.filter(({ whole }) => !near(whole, 0))).toEqual([]);
  });

  test("Tollgate's own gateway alters nothing", async () => {
    await using gateway = await recordingGateway(engine.url);
    // A request belongs to a session there, or is the administrator's.
    const key = ["--gateway-key-env", "TAX_TEST_KEY"];
    const finished = await inThreeMinutes(["tax", engine.url, gateway.url, "--json", ...key], gatewayKey);
    expectExit(finished, 0);
    const report = reportOf(finished);
    expect(report).toMatchObject({ usable: true, errors: [], refused: [] });
    expect(report.alterations.findings.filter(({ content }) => content)).toEqual([]);
    for (const { added } of report.loads) expect(added.whole.interval?.high).toBeGreaterThan(0);
  });

  test.runIf(existsSync(routerPython))("SGLang's router, from its wheel (SGL_ROUTER_PYTHON)", async () => {
    await using router = await sglRouter(engine.url);
    const finished = await inThreeMinutes(["tax", engine.url, router.url, "--json"]);
    expectExit(finished, 0);
    expect(reportOf(finished)).toMatchObject({ usable: true, errors: [], refused: [] });
  });
});

test("a run directory is kept where it is asked for, and is read as a replay", async () => {
  using folder = new TemporaryFolder();
  const args = ["--minutes", "1", "--load", "1", "--out", folder.path];
  const finished = await tollgate(["tax", engine.url, engine.url, ...args]);
  expectExit(finished, 0);
  const directory = finished.stdout.trimEnd().split("\n").at(-1) ?? "";
  expect(directory).toContain(join(folder.path, "tax-"));
  const report = await tollgate(["report", directory]);
  expectExit(report, 0);
  expect(report.stdout).toContain("A/A: raw.2");
});

test("--max: a delay that is over it, one that is under it", async () => {
  const plan = { shape: { kind: "fixed", ms: 60 }, place: "request" };
  await using gateway = await delayGateway({ upstream: engine.url, seed: 1, plan });
  const at = ["tax", `${gateway.url}/null`, `${gateway.url}/delayed`, "--minutes", "1", "--load", "1"];
  const over = await tollgate([...at, "--max", "+1ms"]);
  expectExit(over, 6);
  expect(over.stdout).toMatch(/limit \+1ms +(CROSSED|CANNOT TELL)/);
  const under = await tollgate([...at, "--max", "+5s"]);
  expectExit(under, 0);
  expect(under.stdout).toMatch(/limit \+5s +kept/);
});

describe("a gateway with a fault", () => {
  const faults: readonly (readonly [mode: string, what: RegExp])[] = [
    ["changes-text", /NOT USABLE: answer-altered: stream: answer\.text/],
    ["drops-usage", /answer-altered: stream: answer\.usage/],
    ["injects-prompt", /token-mismatch: .*other prompt tokens|answer-altered: .*promptTokens/],
    ["refuses-large", /the gateway refused requests of 29 kB: status 413/],
    ["fails-often", /failing: .*status 503/],
  ];
  test.each(faults)("%s: not usable, with the fault's name, exit code 1", async (mode, what) => {
    await using proxy = await alteringProxy(engine.url, mode);
    const finished = await tollgate(["tax", engine.url, proxy.url, "--minutes", "1", "--load", "1"]);
    expectExit(finished, 1);
    expect(finished.stdout.replaceAll(/\n {2}(?=\S)/g, " ")).toMatch(what);
  });

  test("it holds tokens back to the end and renames the model: said, and no reason against the numbers", async () => {
    await using proxy = await alteringProxy(engine.url, "renames-model");
    const finished = await tollgate(["tax", engine.url, proxy.url, "--minutes", "1", "--load", "1"]);
    expectExit(finished, 0);
    expect(finished.stdout).toMatch(/^It streams nothing: all tokens come at the end\./m);
    expect(finished.stdout).toMatch(/^note: answer\.model: the raw server says "tollgate-sim"/m);
    expect(finished.stdout).toContain("first token not streamed");
  });
});

test("a delay that the command cannot know is within the interval in 9 of 10 runs", async () => {
  const seeds = Array.from({ length: 10 }, (_, at) => 71 + at);
  const outside: string[] = [];
  for (const seed of seeds) {
    await using gateway = await delayGateway({ upstream: engine.url, seed, plan: null });
    const at = [`${gateway.url}/null`, `${gateway.url}/delayed`];
    const finished = await inThreeMinutes(["tax", ...at, "--minutes", "1.5", "--load", "1", "--json"]);
    expectExit(finished, 0);
    const [load] = reportOf(finished).loads;
    if (load === undefined) throw new Error("no load was measured");
    const { plan, held } = delayLogSchema.parse(await (await fetch(`${gateway.url}/delay-log`)).json());
    const truth = truthOf(held);
    const isWithin = contains(load.added.whole, truth.whole) && isFirstTokenWithin(load, truth.firstToken);
    if (!isWithin) outside.push(`${plan}: ${JSON.stringify({ truth, added: load.added })}`);
  }
  expect(outside.length > 1 ? outside : []).toEqual([]);
});

/** Mean delay of the requests of the blocks, both ways, by the gateway's own clock; the null way is held for nothing. */
function truthOf(held: readonly HeldRequest[]): { readonly firstToken: number; readonly whole: number } {
  const mean = (arm: string, of: (one: HeldRequest) => number | null) => {
    const values = held
      .filter(({ requestId }) => requestId.startsWith(`salt-closed-1.${arm}/b`))
      .flatMap((one) => of(one) ?? []);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return {
    firstToken: mean("gateway", addedToFirstTokenMs) - mean("raw", addedToFirstTokenMs),
    whole: mean("gateway", addedToEndMs) - mean("raw", addedToEndMs),
  };
}

function isFirstTokenWithin({ added, streaming }: LoadFindings, truth: number): boolean {
  return streaming === "simulated" || contains(added.firstToken, truth);
}
