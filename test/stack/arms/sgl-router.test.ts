import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sglRouterCommand } from "../../../bench/stack/arms/sgl-router.ts";
import { armSchema } from "../../../bench/config/arm-schema.ts";
import { lastLine, Workplace } from "../../e2e/small-experiment.ts";
import { episodesOf, expectExit } from "../../e2e/tollgate-process.ts";

const python = process.env["TOLLGATE_SGL_ROUTER_PYTHON"];

test("sgl-router's command line switches off what would repeat, refuse or hold back a request", () => {
  const spec = armSchema.parse({ kind: "sgl-router", extraArgs: ["--log-level", "warn"] });
  if (spec.kind !== "sgl-router") throw new Error("another kind");
  const place = { engineUrl: "http://127.0.0.1:1", port: 2, metricsPort: 3 };
  expect(sglRouterCommand(spec, place).join(" ")).toBe(
    "python3 -m sglang_router.launch_router --worker-urls http://127.0.0.1:1 --host 127.0.0.1 --port 2 " +
      "--policy cache_aware --disable-retries --disable-circuit-breaker --queue-size 0 " +
      "--max-concurrent-requests -1 --shutdown-grace-period-secs 1 --prometheus-host 127.0.0.1 " +
      "--prometheus-port 3 --log-level warn",
  );
});

test.skipIf(!python)(
  "the real sgl-router is an arm: every task as raw, its own metrics kept, an overhead row",
  async () => {
    using place = new Workplace({
      arms: [{ kind: "raw" }, { kind: "sgl-router", python }],
      workload: { domain: "library", tasks: { count: 6 } },
    });
    const finished = await place.sweep();
    expectExit(finished, 0);
    const run = lastLine(finished);
    const counts = (arm: string) =>
      episodesOf(run)
        .filter((episode) => episode.arm === arm)
        .map(({ taskId, reward, requests, promptTokens, completionTokens }) => ({
          taskId,
          reward,
          requests,
          promptTokens,
          completionTokens,
        }))
        .toSorted((a, b) => a.taskId.localeCompare(b.taskId));
    expect(counts("sgl-router")).toEqual(counts("raw"));
    expect(counts("raw")).toHaveLength(6);
    const page = readFileSync(join(run, "evidence/c2-r0-sgl-router/s0/gateway-after.prom"), "utf8");
    expect(page).toMatch(/^smg_http_requests_total\{/m);
    expect(finished.stdout).toMatch(/closed:2 +│ sgl-router +│ +\d+\/\d+ +│ +6\/1 /);
  },
  120_000,
);
