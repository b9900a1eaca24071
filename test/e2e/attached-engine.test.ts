import { createServer, request as forward, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { fastEngine, lastLine, sound, unchecked, Workplace } from "./small-experiment.ts";
import { cellSummaries, episodesOf, expectExit, TollgateProcess } from "./tollgate-process.ts";

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

/** Passes everything on to a server, but answers some paths itself with a status and no body. */
async function proxy(target: string, answers: (path: string) => number | null): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    const status = answers(incoming.url ?? "");
    if (status !== null) {
      outgoing.writeHead(status).end();
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
