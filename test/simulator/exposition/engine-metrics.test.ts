import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { chat, chunksOf, post } from "../client.ts";
import { startEngine } from "../engine-process.ts";

const fixtures = path.join(process.env["TOLLGATE_SHARED"] ?? "../shared", "fixtures/sglang");

interface Shape {
  readonly type: string;
  readonly help: string;
  /** Label names per sample name, e.g. `_bucket` -> `engine_type le model_name`. */
  readonly labels: Readonly<Record<string, string>>;
  /** Upper bounds of a histogram, in order. */
  readonly bounds: readonly string[];
  /** Sample names in the order of their first appearance. */
  readonly order: readonly string[];
}

/** The shape of a page, without its values and label values. */
function shapes(page: string): Record<string, Shape> {
  const result: Record<string, Shape> = {};
  for (const block of page.split(/^(?=# HELP )/m)) {
    const lines = block.trimEnd().split("\n");
    const [, , name = "", ...help] = (lines[0] ?? "").split(" ");
    const samples = lines.slice(2).map((line) => {
      const [, sample = "", labelText = ""] = /^([^{ ]+)\{(.*)\} \S+$/.exec(line) ?? [];
      const pairs = [...labelText.matchAll(/(\w+)="([^"]*)"/g)].map(
        ([, key = "", value = ""]) => [key, value] as const,
      );
      return { suffix: sample.slice(name.length), pairs };
    });
    const bounds = samples.flatMap(({ pairs }) =>
      pairs.filter(([key]) => key === "le").map(([, value]) => value),
    );
    result[name] = {
      type: (lines[1] ?? "").split(" ").at(-1) ?? "",
      help: help.join(" "),
      labels: Object.fromEntries(
        samples.map(({ suffix, pairs }) => [suffix, pairs.map(([key]) => key).join(" ")]),
      ),
      bounds: [...new Set(bounds)],
      order: [...new Set(samples.map(({ suffix }) => suffix))],
    };
  }
  return result;
}

test.skipIf(!existsSync(fixtures))(
  "names, types, labels, buckets and order are those of real pages",
  async () => {
    await using engine = await startEngine();
    const page = async () => (await fetch(`${engine.url}/metrics`)).text();
    const fixture = (name: string) => shapes(readFileSync(path.join(fixtures, name), "utf8"));
    const fresh = shapes(await page());
    // Recorded from a server between the two versions, before most of its families: what it has is here, too.
    expect(fresh).toMatchObject(fixture("sglang_pre.prom"));

    const messages = [{ role: "user", content: "Hello there" }];
    await chat(engine.url, { messages });
    const streamed = await post(`${engine.url}/v1/chat/completions`, { messages, stream: true });
    expect(chunksOf(streamed.text).length).toBeGreaterThan(3);
    const cancel = new AbortController();
    const doomed = fetch(`${engine.url}/generate`, {
      method: "POST",
      body: JSON.stringify({ text: "x", sampling_params: { max_new_tokens: 100_000, ignore_eos: true } }),
      signal: cancel.signal,
    }).catch(() => null);
    const running = async () =>
      ((await (await fetch(`${engine.url}/v1/loads`)).json()) as { loads: readonly unknown[] }).loads[0];
    await expect.poll(running).toMatchObject({ num_running_reqs: 1 });
    cancel.abort();
    await doomed;
    await expect.poll(page, { timeout: 10_000 }).toContain("num_aborted_requests_total{");
    const expected = Object.entries(fixture("sglang_post.prom")).filter(
      // Memory is never so short here that a request must be taken back.
      ([name]) => !/num_retracted_(requests|input_tokens|output_tokens)_total/.test(name),
    );
    const used = shapes(await page());
    expect(used).toMatchObject(Object.fromEntries(expected));
  },
);

test("a fresh engine has counted its own warm-up request", async () => {
  await using engine = await startEngine(["--model", "some/model"]);
  const response = await fetch(`${engine.url}/metrics`, { headers: { accept: "text/plain; version=0.0.4" } });
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const lines = (await response.text()).split("\n");
  const labels = 'engine_type="unified",is_streaming="false",model_name="some/model"';
  expect(lines).toContain(`sglang:prompt_tokens_total{${labels}} 12.0`);
  expect(lines).toContain(`sglang:generation_tokens_total{${labels}} 8.0`);
  expect(lines).toContain(`sglang:num_requests_total{${labels}} 1.0`);
  expect(lines.find((line) => line.startsWith("sglang:fwd_occupancy{"))).toMatch(/ NaN$/);
  expect(lines.find((line) => line.startsWith("sglang:max_total_num_tokens{"))).toMatch(/ 1\.048576e\+06$/);
  expect(lines.find((line) => line.startsWith("sglang:num_paused_reqs{"))).toContain(
    `pid="${engine.child.pid}"`,
  );
});

test("health probes take a second and do not count as requests", async () => {
  await using engine = await startEngine();
  const requests = async () =>
    (await (await fetch(`${engine.url}/metrics`)).text())
      .split("\n")
      .find((line) => line.startsWith("sglang:num_requests"));
  const before = await requests();
  for (const path of ["/health_generate", "/health"]) {
    const began = performance.now();
    expect((await fetch(`${engine.url}${path}`)).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThan(990);
  }
  expect(await requests()).toBe(before);
});
