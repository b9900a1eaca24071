import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { awaitHttp } from "../../../bench/stack/await-http.ts";
import { freePorts } from "../../../bench/host/free-port.ts";
import { sglRouterCommand } from "../../../bench/stack/arms/sgl-router.ts";
import { armSchema } from "../../../bench/config/arm-schema.ts";
import { lastLine, sound, Workplace } from "../../e2e/small-experiment.ts";
import { cellSummaries, episodesOf, expectExit } from "../../e2e/tollgate-process.ts";

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
  "the real sgl-router is an arm that sends a failed request once, and again without our flags",
  async () => {
    let seen = 0;
    const engine = createServer((request, response) => {
      request.resume();
      const chat = request.url?.includes("chat") === true;
      if (chat) seen += 1;
      response.writeHead(chat ? 500 : 200, { "content-type": "application/json" });
      response.end('{"data":[{"id":"m"}]}');
    });
    await once(engine.listen(0, "127.0.0.1"), "listening");
    const counts = new Map<string, number>();
    for (const flags of ["ours", "its own"]) {
      const [port = 0, metricsPort = 0] = await freePorts(2);
      const engineUrl = `http://127.0.0.1:${(engine.address() as AddressInfo).port}`;
      const [file = "", ...args] = sglRouterCommand(
        {
          kind: "sgl-router",
          name: "r",
          python: python ?? "",
          policy: "round_robin",
          volumes: [],
          extraArgs: [],
        },
        { engineUrl, port, metricsPort },
      );
      const router = spawn(
        file,
        flags === "ours" ? args : args.filter((word) => word !== "--disable-retries"),
      );
      try {
        const url = `http://127.0.0.1:${port}`;
        await awaitHttp({ url: `${url}/readiness`, status: 200 }, AbortSignal.timeout(60_000));
        seen = 0;
        const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "hi" }] });
        const headers = { "content-type": "application/json" };
        const answer = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body });
        expect(answer.status).toBe(500);
        counts.set(flags, seen);
      } finally {
        const ended = once(router, "exit");
        router.kill("SIGKILL");
        await ended;
      }
    }
    engine.close();
    expect(counts).toEqual(
      new Map([
        ["ours", 1],
        ["its own", 5],
      ]),
    );
  },
  120_000,
);

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
    // It writes defaults of SGLang's out, which is listed and no alteration.
    expect(cellSummaries(run)["c2-r0-sgl-router"]).toMatchObject({ verdict: sound });
    expect(finished.stdout).not.toMatch(/ALTERED|HIDDEN|NOT FROM|OTHER ENGINE/);
    const page = readFileSync(join(run, "evidence/c2-r0-sgl-router/s0/gateway-after.prom"), "utf8");
    expect(page).toMatch(/^smg_http_requests_total\{/m);
    const report = readFileSync(join(run, "report", "report.md"), "utf8");
    expect(report).toMatch(/closed:2 \| sgl-router \| \d+\/\d+ \| 6\/1 \|/);
  },
  120_000,
);
