import { readFileSync } from "node:fs";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { freePorts } from "../../../bench/host/free-port.ts";
import { recordedEpisodeSchema } from "../../../bench/workload/recorded-episode.ts";
import { lastLine, Workplace } from "../../e2e/small-experiment.ts";
import { episodesOf, expectExit, TollgateProcess, type Finished } from "../../e2e/tollgate-process.ts";
import { ConformanceServer, type ConformanceOptions } from "./areal-conformance/conformance-server.ts";

const adminKey = "not-the-default";

/** A sweep of `raw` and an AReaL that runs already, whose engine is the experiment's, behind the inner tap. */
async function sweep(
  changes: Partial<ConformanceOptions>,
  options: { readonly key?: string; readonly args?: readonly string[] } = {},
): Promise<{ readonly finished: Finished; readonly server: ConformanceServer; readonly place: Workplace }> {
  const [innerTapPort = 0] = await freePorts(1);
  const server = await ConformanceServer.start({
    release: "v2",
    adminKey,
    engineUrl: `http://127.0.0.1:${innerTapPort}`,
    ...changes,
  });
  const attached = { adminKeyEnv: "AREAL_KEY", dataProxyUrls: [server.url], innerTapPort };
  const place = new Workplace({
    arms: [{ kind: "raw" }, { kind: "areal", mode: "url", url: server.url, ...attached }],
  });
  await using running = new TollgateProcess(
    ["sweep", place.file, "--out", place.runs, ...(options.args ?? [])],
    { ...place.environment, AREAL_KEY: options.key ?? adminKey },
  );
  return { finished: await running.finished(), server, place };
}

test("a running AReaL is an arm: every call recorded with its tokens, nothing left behind", async () => {
  const { finished, server, place } = await sweep({});
  using _place = place;
  await using _server = server;
  // The machine of a test may be too busy for a valid verdict; what was recorded is not.
  const run = lastLine(finished);
  const episodes = episodesOf(run).filter(({ arm }) => arm === "areal");
  expect(episodes.map(({ reward, labels }) => ({ reward, labels }))).toEqual(
    episodes.map(() => ({ reward: 1, labels: [] })),
  );
  const recorded = new Map(
    zstdDecompressSync(readFileSync(join(run, "tokens.jsonl.zst")))
      .toString("utf8")
      .trimEnd()
      .split("\n")
      .map((line) => recordedEpisodeSchema.parse(JSON.parse(line)))
      .map((episode) => [episode.episodeId, episode]),
  );
  expect(episodes.length).toBeGreaterThan(1);
  for (const { episodeId, requests, reward } of episodes) {
    const episode = recorded.get(episodeId);
    expect(episode).toMatchObject({ recorder: "areal", level: "L2", dropped: [] });
    expect(episode?.calls).toHaveLength(requests);
    expect(episode?.calls.at(-1)?.reward).toBe(reward);
  }
  expect({ sessions: server.openSessions, tensors: server.store.size }).toEqual({
    sessions: 0,
    tensors: 0,
  });
  const facts = JSON.parse(
    readFileSync(join(run, "evidence/c2-r0-areal/s0/segment.json"), "utf8"),
  ) as unknown;
  expect(facts).toMatchObject({ gatewayLeftovers: { sessions: 0, tensors: 0 } });
});

test("an AReaL whose router is dead is refused before anything is measured", async () => {
  const { finished, server, place } = await sweep({ routerDead: true });
  using _place = place;
  await using _server = server;
  expectExit(finished, 3);
  expect(finished.stderr).toMatch(
    /Arm areal: the gateway at .* runs and does not work: .*Router unreachable/,
  );
});

test("an export that is empty with status 200 is no success: the episode says that its record is incomplete", async () => {
  const skipped = ["--skip-preflight", "session"];
  const { finished, server, place } = await sweep({ losesSessions: true }, { args: skipped });
  using _place = place;
  await using _server = server;
  expect(finished.stderr).toContain("nothing was exported, although a reward was accepted");
  const episodes = episodesOf(lastLine(finished)).filter(({ arm }) => arm === "areal");
  const report = readFileSync(join(lastLine(finished), "report", "report.md"), "utf8");
  expect(report).toContain("c2-r0-areal: the gateway's record of 2 episodes is incomplete");
  expect(episodes.length).toBeGreaterThan(1);
  for (const { labels } of episodes) expect(labels).toContain("gateway-record-incomplete");
});
