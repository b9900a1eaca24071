import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findAlterations } from "../../bench/tax/alterations.ts";
import { bodySizes } from "../../bench/tax/conversations.ts";
import { probeServers } from "../../bench/tax/probe.ts";
import { alteringProxy, simulator, type StartedServer } from "../e2e/tax-servers.ts";

let engine: StartedServer;
beforeAll(async () => {
  engine = await simulator();
});
afterAll(() => engine[Symbol.asyncDispose]());

const at = (url: string) => ({ url, apiKey: "none" });
const asked = {
  model: undefined,
  maxTokens: 8,
  conversationMs: 30_000,
  signal: new AbortController().signal,
};
const probe = (raw: string, gateway: string, part: Partial<typeof asked> = {}) =>
  probeServers({ ...asked, ...part, raw: at(raw), gateway: at(gateway) });

describe("what both servers take", () => {
  test("everything: three sizes, tools, the first model", async () => {
    const { model, tools, sizes, leftOut, refused } = await probe(engine.url, engine.url);
    expect({ model, tools, leftOut, refused }).toEqual({
      model: "tollgate-sim",
      tools: true,
      leftOut: [],
      refused: [],
    });
    expect(sizes.map(({ size }) => size.name)).toEqual(["small", "medium", "large"]);
  });

  test("a raw server that refuses tools is asked without, which is no fault of the gateway's", async () => {
    await using plain = await alteringProxy(engine.url, "refuses-tools");
    const { tools, leftOut, refused } = await probe(plain.url, plain.url);
    expect({ tools, refused }).toEqual({ tools: false, refused: [] });
    expect(leftOut).toEqual([expect.stringMatching(/^tools: the raw server gave status 400/)]);
  });

  test("a gateway that refuses them alone is a finding", async () => {
    await using plain = await alteringProxy(engine.url, "refuses-tools");
    const { tools, refused } = await probe(engine.url, plain.url);
    expect(tools).toBe(false);
    expect(refused).toEqual([expect.stringMatching(/^requests with tools: status 400/)]);
  });

  test.each([
    ["the gateway", (small: string) => probe(engine.url, small), "refused"],
    ["the raw server", (small: string) => probe(small, engine.url), "leftOut"],
  ] as const)("large bodies that %s refuses", async (_who, asking, list) => {
    await using small = await alteringProxy(engine.url, "refuses-large");
    const probed = await asking(small.url);
    expect(probed.sizes.map(({ size }) => size.name)).toEqual(["small", "medium"]);
    expect(probed[list]).toEqual([expect.stringMatching(/^requests of 29 kB: .*status 413/)]);
  });

  test("a size that takes too long is left out, and the shortest is always kept", async () => {
    const { sizes, leftOut } = await probe(engine.url, engine.url, { conversationMs: 1 });
    expect(sizes.map(({ size }) => size.name)).toEqual(["small"]);
    expect(leftOut).toEqual([expect.stringMatching(/^requests of 11 kB: a conversation takes more than/)]);
  });

  test("a raw server without usage cannot be checked", async () => {
    await using silent = await alteringProxy(engine.url, "drops-usage");
    await expect(probe(silent.url, engine.url)).rejects.toThrow(/tells no usage at the end of a stream/);
  });
});

describe("what comes out of the gateway otherwise", () => {
  const find = (gateway: string, tools = true) =>
    findAlterations({
      raw: at(engine.url),
      gateway: at(gateway),
      model: "tollgate-sim",
      tools,
      sizes: [...bodySizes],
      budgetMs: 60_000,
      signal: asked.signal,
    });

  test("nothing, through nothing", async () => {
    expect(await find(engine.url)).toEqual({ asked: 11, of: 11, findings: [], unrepeatable: [] });
  });

  const faults: readonly (readonly [mode: string, content: boolean, questions: number, what: RegExp])[] = [
    [
      "changes-text",
      true,
      4,
      /^answer\.text is another text: the raw server says .* came out of the gateway$/,
    ],
    ["drops-usage", true, 8, /^answer\.usage/],
    ["injects-prompt", true, 8, /^answer\.usage\.promptTokens/],
    [
      "renames-model",
      false,
      8,
      /^answer\.model: the raw server says "tollgate-sim", "openai\/gpt" came out of the gateway$/,
    ],
    ["drops-logprobs", false, 1, /^choices\.logprobs\.content\.logprob is left out/],
    ["unknown-model-500", true, 1, /^the raw server gives status 200, the gateway status 500/],
  ];
  test.each(faults)("%s", async (...[mode, content, questions, what]) => {
    await using proxy = await alteringProxy(engine.url, mode);
    const { findings } = await find(proxy.url);
    const own = findings.filter((finding) => what.test(finding.what));
    expect(own.every((finding) => finding.content === content)).toBe(true);
    expect(new Set(own.map(({ question }) => question)).size).toBeGreaterThanOrEqual(questions);
  });

  test("when the time is over no further question is begun, and that is said", async () => {
    const some = await findAlterations({
      raw: at(engine.url),
      gateway: at(engine.url),
      model: "tollgate-sim",
      tools: false,
      sizes: [bodySizes[0]],
      budgetMs: 0,
      signal: asked.signal,
    });
    expect(some.asked).toBeLessThan(some.of);
  });
});
