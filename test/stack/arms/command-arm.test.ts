import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { filled } from "../../../bench/config/placeholders.ts";
import { keyOf } from "../../../bench/stack/arms/command-arm.ts";
import { lastLine, slowStack, Workplace } from "../../e2e/small-experiment.ts";
import { episodesOf, expectExit, processesOf } from "../../e2e/tollgate-process.ts";

/** A gateway of ten lines, as a user might have one; `DIE_AFTER` ends it at that many requests of episodes. */
const proxy = `
import { createServer, request } from "node:http";
const [engine, port] = process.argv.slice(2);
let left = Number(process.env.DIE_AFTER ?? Infinity);
createServer((incoming, outgoing) => {
  const episode = incoming.headers["x-tollgate-episode"] ?? "preflight";
  if (episode !== "preflight" && (left -= 1) < 0) process.exit(9);
  if (incoming.url === "/metrics") return void outgoing.end("# TYPE mine counter\\nmine 1\\n");
  const { method, headers, url } = incoming;
  const passed = request(engine + url, { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  passed.on("error", () => outgoing.destroy());
  incoming.pipe(passed);
}).listen(Number(port), "127.0.0.1");
`;

/** An experiment with the raw arm and a gateway that a command line starts. */
function workplace(arm: object, changes: object = {}): Workplace {
  const place = new Workplace();
  const file = join(place.path, "proxy.mjs");
  writeFileSync(file, proxy);
  const command = [process.execPath, file, "{engine}", "{port}"];
  place.write({ arms: [{ kind: "raw" }, { kind: "command", name: "mine", command, ...arm }], ...changes });
  return place;
}

test("a command is an arm beside the placebo, its metrics kept, and nothing of it stays", async () => {
  using place = workplace({ metricsPath: "/metrics" });
  place.write({
    arms: [
      { kind: "raw" },
      { kind: "null-proxy" },
      {
        kind: "command",
        name: "mine",
        command: [process.execPath, join(place.path, "proxy.mjs"), "{engine}", "{port}"],
        metricsPath: "/metrics",
      },
    ],
  });
  const finished = await place.sweep("--skip-preflight", "streaming");
  const run = lastLine(finished);
  const rewards = Map.groupBy(episodesOf(run), ({ arm }) => arm);
  expect(
    Object.fromEntries([...rewards].map(([arm, all]) => [arm, all.map(({ reward }) => reward)])),
  ).toEqual({
    raw: [1, 1],
    "null-proxy": [1, 1],
    mine: [1, 1],
  });
  expect(processesOf(run.split("/").at(-1) ?? "")).toEqual([]);
});

test("a command that never answers is refused with its name and log", async () => {
  const command = [
    process.execPath,
    "-e",
    "console.log('waiting for a licence'); setInterval(() => {}, 1e6)",
  ];
  using place = workplace({ command }, { limits: { startSeconds: 10 } });
  const finished = await place.sweep();
  expectExit(finished, 3);
  expect(finished.stderr).toMatch(/mine was not ready after 10000 ms[\s\S]*waiting for a licence/);
});

test("a command that ends at once is refused with what it said", async () => {
  const command = [process.execPath, "-e", "console.error('no such model'); process.exit(4)"];
  using place = workplace({ command });
  const finished = await place.sweep();
  expectExit(finished, 3);
  expect(finished.stderr).toMatch(/mine ended before it was ready \(exit code 4[\s\S]*no such model/);
});

test("a gateway that dies in its cell fails that cell's episodes as the gateway's, and no other cell", async () => {
  using place = workplace({ environment: { DIE_AFTER: "1" } }, { stack: slowStack });
  const finished = await place.sweep("--skip-preflight", "episode");
  const episodes = episodesOf(lastLine(finished));
  expect(episodes.filter(({ arm }) => arm === "raw").map(({ reward }) => reward)).toEqual([1, 1]);
  const classes = episodes.filter(({ arm }) => arm === "mine").map(({ failure }) => failure?.class);
  expect(classes.length).toBeGreaterThan(0);
  expect(new Set(classes)).toEqual(new Set(["gateway"]));
});

describe("placeholders", () => {
  const values = { engine: "http://e", port: "1" };
  test("are filled in, and doubled braces stay", () => {
    expect(filled("--url={engine}/v1 {{port} {port}", values)).toBe("--url=http://e/v1 {port} 1");
  });
  test("that do not exist are named with those that do", () => {
    expect(() => filled("{prot}", values)).toThrow("{prot} is unknown here; there are {engine}, {port}");
  });
});

test("a key's variable that is not set is said before anything starts", () => {
  expect(keyOf({ name: "a" }, {})).toBeNull();
  expect(keyOf({ name: "a", apiKeyEnv: "KEY" }, { KEY: "k" })).toBe("k");
  expect(() => keyOf({ name: "a", apiKeyEnv: "KEY" }, {})).toThrow(
    "Arm a: the environment variable KEY is empty or not set.",
  );
});
