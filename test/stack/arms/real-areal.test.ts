import { readFileSync } from "node:fs";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { recordedEpisodeSchema } from "../../../bench/workload/recorded-episode.ts";
import { lastLine, Workplace } from "../../e2e/small-experiment.ts";
import { cellSummaries, episodesOf } from "../../e2e/tollgate-process.ts";

/**
 * AReaL's own router, data proxy and gateway without a GPU, in front of the simulator's `/generate`. Needs an AReaL
 * checkout and an interpreter with what its services import (see experiments/areal-laptop.yaml).
 */
const python = process.env["AREAL_PYTHON"];
const checkout = process.env["AREAL_CHECKOUT"];

test.skipIf(!python || !checkout).each(["manual", "controller"] as const)(
  "AReaL's own services in mode %s are an arm: every task passes, every call comes back with its tokens",
  async (mode) => {
    using place = new Workplace({
      arms: [
        { kind: "raw" },
        {
          kind: "areal",
          mode,
          python,
          checkout,
          tokenizerPath: join(process.cwd(), "bench/simulator/model"),
        },
      ],
      workload: { domain: "library", tasks: { count: 4 } },
      limits: { startSeconds: 900 },
    });
    // AReaL renders tools without the `strict: false` that SGLang adds, so that its prompts are a little shorter.
    const finished = await place.sweep("--skip-preflight", "sampling");
    const run = lastLine(finished);
    // What it rewrites by design is listed as declared; anything else would be an alteration.
    expect(cellSummaries(run)["c2-r0-areal"]).toMatchObject({
      verdict: expect.stringMatching(/^(valid|client-limited)$/) as string,
    });
    expect(finished.stdout).not.toMatch(/ALTERED|HIDDEN|NOT FROM|OTHER ENGINE/);
    const episodes = episodesOf(run).filter(({ arm }) => arm === "areal");
    expect(episodes.map(({ status, reward, labels }) => ({ status, reward, labels }))).toEqual(
      Array.from({ length: 4 }, () => ({ status: "completed", reward: 1, labels: [] })),
    );
    const lines = zstdDecompressSync(readFileSync(join(run, "tokens.jsonl.zst")))
      .toString("utf8")
      .trimEnd()
      .split("\n");
    const recorded = lines.map((line) => recordedEpisodeSchema.parse(JSON.parse(line)));
    for (const { episodeId, requests, completionTokens } of episodes) {
      const calls = recorded.find((episode) => episode.episodeId === episodeId)?.calls ?? [];
      expect(calls).toHaveLength(requests);
      expect(calls.reduce((sum, { outputIds }) => sum + (outputIds?.length ?? 0), 0)).toBe(completionTokens);
    }
    const facts = JSON.parse(
      readFileSync(join(run, "evidence/c2-r0-areal/s0/segment.json"), "utf8"),
    ) as unknown;
    expect(facts).toMatchObject({ gatewayLeftovers: { sessions: 0, tensors: 0 } });
  },
  1_200_000,
);
