import { createServer, request as forward, type Server } from "node:http";
import { once } from "node:events";
import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { fastEngine, lastLine, sound, unchecked, Workplace } from "./small-experiment.ts";
import { cellSummaries, episodesOf, expectExit, tollgate, TollgateProcess } from "./tollgate-process.ts";

const data = "openclaw-tau2/data";

async function simulator(
  role: "agent" | "user",
): Promise<{ readonly process: TollgateProcess; readonly url: string }> {
  const speed = ["--decode-step-ms", String(fastEngine.decodeStepMs)];
  const tasks = ["--domain", "library", "--data", data, "--schemas", `${data}/tau2/domains/library`];
  const process = new TollgateProcess(["simulate", "--role", role, "--port", "0", ...tasks, ...speed]);
  await process.until(() => process.stdout.includes("\n"), { what: "a ready line" });
  return { process, url: (JSON.parse(process.stdout) as { url: string }).url };
}

/** Passes everything on to a server, but answers some requests itself: with a status and no body, or with a web page. */
async function proxy(
  target: string,
  answers: (path: string, key: string | undefined) => number | null,
): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    const status = answers(incoming.url ?? "", incoming.headers.authorization);
    if (status !== null) {
      outgoing.writeHead(status).end(status === 200 ? "<!doctype html><title>Chat</title>" : "");
      return;
    }
    const { method, headers, url } = incoming;
    const passed = forward(new URL(url ?? "/", target), { method, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    passed.on("error", () => outgoing.destroy());
    incoming.pipe(passed);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

test("engines that run already: a gateway of one's own, one that sends everybody elsewhere, and an engine without /metrics", async () => {
  const [agent, user] = await Promise.all([simulator("agent"), simulator("user")]);
  await using _agent = agent.process;
  await using _user = user.process;
  await using blind = await proxy(agent.url, (path) => (path === "/metrics" ? 404 : null));
  await using passing = await proxy(agent.url, () => null);
  await using failing = await proxy(agent.url, (path) => (path === "/v1/chat/completions" ? 307 : null));

  const attach = (url: string) => ({ kind: "attach", agent: { url }, user: { url: user.url } });
  using place = new Workplace({
    stack: attach(agent.url),
    arms: [
      { kind: "raw" },
      { kind: "url", name: "passing", url: urlOf(passing) },
      { kind: "url", name: "failing", url: urlOf(failing) },
    ],
  });
  const seen = await place.sweep(...unchecked);
  expectExit(seen, 1);
  const outcomes = (run: string, arm: string) =>
    episodesOf(run)
      .filter((episode) => episode.arm === arm)
      .map(({ status, reward, failure }) => [status, reward, failure?.class ?? null]);
  const twice = <T>(value: T) => [value, value];
  expect(outcomes(lastLine(seen), "raw")).toEqual(twice(["completed", 1, null]));
  expect(outcomes(lastLine(seen), "passing")).toEqual(twice(["completed", 1, null]));
  expect(outcomes(lastLine(seen), "failing")).toEqual(twice(["failed", null, "gateway"]));
  expect(cellSummaries(lastLine(seen))).toMatchObject({
    "c2-r0-raw": { verdict: sound, tokenCheck: { status: "exact" } },
    "c2-r0-passing": { verdict: sound, tokenCheck: { status: "exact" } },
    "c2-r0-failing": { verdict: "failing", passRate: { value: null } },
  });

  place.write({ stack: attach(urlOf(blind)), arms: [{ kind: "raw" }] });
  const unseen = await place.sweep("--skip-preflight", "metrics");
  expectExit(unseen, 1);
  expect(unseen.stderr).toMatch(/no before snapshot of the agent: .*404/s);
  expect(cellSummaries(lastLine(unseen))).toMatchObject({
    "c2-r0-raw": { verdict: "no-metrics", tokenCheck: { status: "unknown" } },
  });
  expect(outcomes(lastLine(unseen), "raw")).toEqual(twice(["completed", 1, null]));
  // Servers that Tollgate did not start are left as they were.
  expect([agent.process.ended, user.process.ended]).toEqual([false, false]);
}, 240_000);

test("an address with /v1, a key for every path, a web page for unknown paths; and no key at all", async () => {
  const [agent, user] = await Promise.all([simulator("agent"), simulator("user")]);
  await using _agent = agent.process;
  await using _user = user.process;
  const asked = new Map<string, Set<string>>();
  await using guarded = await proxy(agent.url, (path, key = "none") => {
    asked.set(path, (asked.get(path) ?? new Set()).add(key));
    if (key !== "Bearer s3cret") return 401;
    return /server_info/.test(path) ? 200 : null;
  });
  const engine = { url: `${urlOf(guarded)}/v1/`, apiKeyEnv: "ENGINE_KEY" };
  using place = new Workplace({
    stack: { kind: "attach", agent: engine, user: { url: `${user.url}/v1` } },
    arms: [{ kind: "raw" }],
  });
  const sweep = (environment: Readonly<Record<string, string>>) =>
    tollgate(["sweep", place.file, "--out", place.runs, ...unchecked], {
      ...place.environment,
      ...environment,
    });

  const unset = await sweep({});
  expectExit(unset, 2);
  expect(unset.stderr).toMatch(
    /stack\.agent\.apiKeyEnv names the environment variable ENGINE_KEY, which is not set/,
  );
  expect([asked.size, existsSync(place.runs)]).toEqual([0, false]);

  const wrong = await sweep({ ENGINE_KEY: "guess" });
  expectExit(wrong, 3);
  expect(wrong.stderr).toMatch(/answered 401 to GET \/v1\/models: the key in ENGINE_KEY was refused/);
  asked.clear();

  const swept = await sweep({ ENGINE_KEY: "s3cret" });
  expectExit(swept, 0);
  expect(cellSummaries(lastLine(swept))).toMatchObject({
    "c2-r0-raw": { verdict: sound, tokenCheck: { status: "exact" } },
  });
  // Every path with the key, the metrics page and the cache's among them, and none twice behind /v1.
  expect([...new Set([...asked.values()].flatMap((keys) => [...keys]))]).toEqual(["Bearer s3cret"]);
  expect([...asked.keys()]).toEqual(expect.arrayContaining(["/metrics", "/flush_cache", "/server_info"]));
  expect([...asked.keys()].filter((path) => path.includes("/v1/v1"))).toEqual([]);

  const page = await tollgate(
    ["metrics", "snapshot", `${urlOf(guarded)}/v1`, "--api-key-env", "ENGINE_KEY"],
    {
      ENGINE_KEY: "s3cret",
    },
  );
  expectExit(page, 0);
  const refused = await tollgate(["metrics", "snapshot", urlOf(guarded)]);
  expectExit(refused, 3);
  expect(refused.stderr).toMatch(/status 401; the page wants a key, and none is set/);
}, 240_000);
