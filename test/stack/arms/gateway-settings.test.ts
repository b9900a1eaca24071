import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { PreflightRecord } from "../../../bench/store/preflight-record.ts";
import { lastLine, Workplace } from "../../e2e/small-experiment.ts";
import { episodesOf, expectExit, processesOf, tollgate } from "../../e2e/tollgate-process.ts";

/**
 * A gateway with the habits of those that people use: it reads its port and its key from a file, is told by a header where to
 * forward to, refuses requests without its key, and has no list of models.
 */
const gateway = `
import { createServer, request } from "node:http";
import { readFileSync } from "node:fs";
if (process.argv[2] === "--version") { console.error("mine 1.2.3"); process.exit(2); }
const { port, key } = JSON.parse(readFileSync(process.argv[2], "utf8"));
createServer((incoming, outgoing) => {
  const { method, url } = incoming;
  const { "x-upstream": upstream, ...headers } = incoming.headers;
  if (url === "/v1/models") return void outgoing.writeHead(500).end("no such route");
  if (headers.authorization !== "Bearer " + key) return void outgoing.writeHead(401).end("{}");
  const passed = request(upstream + url, { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  passed.on("error", () => outgoing.destroy());
  incoming.pipe(passed);
}).listen(port, "127.0.0.1");
`;

function workplace(...arms: readonly object[]): Workplace {
  const place = new Workplace();
  writeFileSync(join(place.path, "gateway.mjs"), gateway);
  place.write({ arms: [{ kind: "raw" }, ...arms], workload: { domain: "library", tasks: { count: 1 } } });
  return place;
}

const node = (...words: readonly string[]) => ({ kind: "command", command: [process.execPath, ...words] });

test("a gateway is configured by a file, an environment of its own and headers, and nothing of it stays", async () => {
  using place = workplace();
  const program = join(place.path, "gateway.mjs");
  const mine = {
    ...node(program, "{files}/conf/gateway.json"),
    name: "mine",
    files: { "conf/gateway.json": '{"port":{port},"key":"{adminKey}-{model}"}' },
    headers: { Authorization: "Bearer {adminKey}-{model}", "x-upstream": "{engine}" },
    versionCommand: [process.execPath, program, "--version"],
  };
  place.write({ arms: [{ kind: "raw" }, mine], workload: { domain: "library", tasks: { count: 1 } } });
  const finished = await place.sweep("--skip-preflight", "streaming");
  const run = lastLine(finished);
  expect(episodesOf(run).map(({ arm, reward }) => [arm, reward])).toEqual([
    ["raw", 1],
    ["mine", 1],
  ]);
  expect(finished.stderr).toMatch(
    /mine answers GET \S+\/v1\/models with 500, not 200, and is taken as started/,
  );
  const evidence = readFileSync(join(run, "evidence", "servers", "arm-mine.json"), "utf8");
  expect(JSON.parse(evidence)).toMatchObject({ arm: "mine", kind: "command", version: "mine 1.2.3" });
  expect(processesOf(run.split("/").at(-1) ?? "")).toEqual([]);
  expect(place.scratch()).toEqual([]);
});

test("arms that do not start are all named with their causes, and the others are asked all the same", async () => {
  const print = `console.error('{"level":"fatal","msg":"no licence"}'); console.error("goodbye ".repeat(9) + "\\n".repeat(4)); console.log("1\\n2\\n3\\n4"); process.exit(7)`;
  using place = workplace(
    { ...node("-e", print), name: "licensed" },
    { ...node("-e", "setInterval(() => {}, 1e6)"), name: "silent", ready: { path: "/health" } },
    { kind: "null-proxy" },
    { kind: "command", name: "absent", command: ["no-such-gateway"] },
  );
  const args = ["preflight", place.file, "--json", "--set", "limits.startSeconds=4"];
  const finished = await tollgate([...args, "--skip-preflight", "streaming"], place.environment);
  expectExit(finished, 3);
  const { checks } = JSON.parse(finished.stdout) as PreflightRecord;
  const found = (name: string) => checks.find((check) => check.name === name)?.findings ?? [];
  expect(found("start").map(({ on, status }) => [on, status])).toEqual([
    ["arm licensed", "failed"],
    ["arm silent", "failed"],
    ["arm absent", "failed"],
  ]);
  expect(found("start").map(({ what }) => what)).toEqual([
    expect.stringMatching(
      /licensed ended before it was ready \(exit code 7[\s\S]*Its log says:\n {2}no licence\n/,
    ),
    expect.stringMatching(/silent was not ready after 4000 ms; GET \S+\/health was not answered/),
    expect.stringMatching(/absent could not be started: .*no-such-gateway/),
  ]);
  expect(found("fidelity").map(({ on, status }) => [on, status])).toEqual([
    ["arm raw", "ok"],
    ["arm null-proxy", "ok"],
  ]);
});

test("a sweep with an arm that does not start measures nothing, and says what it found of the others", async () => {
  using place = workplace({
    ...node("-e", "console.error('no licence'); process.exit(7)"),
    name: "licensed",
  });
  const finished = await place.sweep("--skip-preflight", "streaming");
  expectExit(finished, 3);
  expect(finished.stderr).toMatch(/start: arm licensed: licensed ended before it was ready[\s\S]*no licence/);
  expect(finished.stderr).toMatch(/preflight: \d+ ok, \d+ warnings, 1 failed/);
  expect(finished.stderr).toContain("Nothing was measured.");
  expect(finished.stderr).not.toContain("--skip-preflight");
});
