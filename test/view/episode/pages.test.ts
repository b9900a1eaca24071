import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { episodePage, pairPage } from "../../../bench/view/episode/pages.ts";
import type { Transcript } from "../../../bench/transcript/transcript.ts";
import { hex } from "../../store/run-builder.ts";
import {
  attemptKeyOf,
  sourceOf,
  stampsMs,
  writeRun,
  type WrittenEpisode,
  type WrittenExchange,
} from "./episode-run.ts";

let scratch: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-episode-"));
});
afterEach(() => rm(scratch, { recursive: true, force: true }));

const idOf = (arm: string, index = 0) => hex(`c1-r0-${arm}`, index);
const question = { model: "m", temperature: 0, messages: [{ role: "user", content: "Is Dune in?" }] };
const answer = (text: string) =>
  JSON.stringify({
    id: "x",
    choices: [{ message: { role: "assistant", content: text }, finish_reason: "stop" }],
    usage: { prompt_tokens: 100, completion_tokens: 8 },
  });

const transcript = (attemptKey: string, text = "Yes, one copy."): Transcript => ({
  system: "Be exact.",
  tools: "[]",
  messages: [
    { role: "user", content: "Is Dune in?", toolCalls: null, requestId: `${attemptKey}-u1`, usage: null },
    {
      role: "assistant",
      content: null,
      toolCalls: [{ id: "call_1", name: "get_book", arguments: '{"title": "Dune"}' }],
      requestId: `${attemptKey}-a1`,
      usage: { promptTokens: 100, completionTokens: 8, cachedTokens: 0 },
    },
    {
      role: "tool",
      toolCallId: "call_1",
      content: '{"copies": 1}',
      error: false,
      requestor: "assistant",
      answeredBy: "tool-server",
    },
    {
      role: "assistant",
      content: text,
      toolCalls: null,
      requestId: `${attemptKey}-a2`,
      usage: { promptTokens: 120, completionTokens: 8, cachedTokens: 100 },
    },
  ],
});

/** User, model, tool, model: 100 ms each way; at the engine 5 ms later and 5 ms earlier. */
function exchangesOf(
  attemptKey: string,
  changes: { readonly request?: string; readonly response?: string; readonly inner?: boolean } = {},
): readonly WrittenExchange[] {
  const sent = JSON.stringify(question);
  const both = (name: string, fromMs: number): readonly WrittenExchange[] => [
    {
      timing: { requestId: `${attemptKey}-${name}`, ...stampsMs(fromMs, fromMs + 40, fromMs + 100) },
      request: sent,
      response: changes.response ?? answer("said"),
    },
    ...(changes.inner === false
      ? []
      : [
          {
            timing: {
              hop: "inner" as const,
              requestId: `${attemptKey}-${name}`,
              ...stampsMs(fromMs + 5, fromMs + 35, fromMs + 95),
            },
            request: changes.request ?? sent,
            response: answer("said"),
          },
        ]),
  ];
  return [
    { timing: { hop: "user", requestId: `${attemptKey}-u1`, ...stampsMs(10, 20, 60) } },
    ...both("a1", 100),
    ...both("a2", 300),
  ];
}

const tool = {
  toolCallId: "call_1",
  name: "get_book",
  argumentsText: "{}",
  requestor: "assistant" as const,
  content: "",
  error: false,
  receivedNs: 210e6,
  startedNs: 212e6,
  endedNs: 230e6,
};

const episode = (arm: string, changes: Partial<WrittenEpisode> = {}): WrittenEpisode => {
  const attemptKey = attemptKeyOf(idOf(arm));
  return {
    arm,
    transcript: transcript(attemptKey),
    exchanges: exchangesOf(attemptKey),
    tools: [tool],
    ...changes,
  };
};

const textOf = (page: string | null) =>
  (page ?? "")
    .replaceAll(/<[^>]+>/g, " ")
    .replaceAll("&quot;", '"')
    .replaceAll("&gt;", ">")
    .replaceAll(/\s+/g, " ");

test("a conversation with its requests, their stamps and parts, its tools and its reward", async () => {
  const rewardInfo = {
    reward: 1,
    db_check: { db_match: true, db_reward: 1 },
    action_checks: [{ action: { name: "get_book", arguments: { title: "Dune" } }, action_match: true }],
    communicate_checks: [{ info: "one copy", met: false, justification: "not said" }],
  };
  const directory = await writeRun(scratch, { episodes: [episode("gateway", { rewardInfo })] });
  const page = await episodePage(await sourceOf(directory), idOf("gateway"));
  const text = textOf(page);
  expect(text).toContain("library/0, trial 0: gateway");
  expect(text).toContain("simulated engines");
  expect(text).toContain("TTFT 40.0 ms · E2E 100 ms · 100 (0 cached) → 8 tokens · between the taps 10.0 ms");
  expect(text).toContain("first token 40.0 35.0 5.00");
  expect(text).toContain("result of get_book for call_1 · 20.0 ms");
  expect(page).toContain('title="model 1, gateway and taps: 5.00 ms"');
  expect(page).toContain('title="model 1, to the first token: 30.0 ms"');
  expect(page).toContain('title="get_book, waiting for a tool worker: 2.00 ms"');
  expect(text).toContain("Queue and prefill are one part for 2 of 2 requests");
  expect(text).toContain("Reward: 1.00 from DB");
  expect(text).toContain('met: action: get_book({"title":"Dune"})');
  expect(text).toContain("not met: info: one copy; justification: not said");
  expect(text).toContain(
    "2 of 2 requests and answers of the agent were compared where they entered the arm and at the engine: nothing was altered.",
  );
  expect(text).not.toContain("Not everything is here");
});

test("what a score is made of: its parts with theirs, findings that are met or not, and those that nobody could decide", async () => {
  const rewardInfo = {
    breakdown: { composite: 58, layer1: { toolCalls: 40, errors: 30, deeper: { never: 1 } } },
    findings: [
      { finding: "file-unchanged", met: false, points: "0 of 30", detail: "changed: <b>contract.md</b>" },
      { finding: "response-contains-analysis", worth: "not decided", detail: "only a judge can say" },
    ],
    files_changed: [{ turn: 1, files: "contract.md" }],
  };
  const directory = await writeRun(scratch, { episodes: [episode("gateway", { rewardInfo })] });
  const page = await episodePage(await sourceOf(directory), idOf("gateway"));
  const text = textOf(page);
  expect(text).toContain("breakdown composite 58 breakdown: layer1 toolCalls 40, errors 30");
  expect(text).not.toContain("never 1");
  expect(text).toContain("not met: finding: file-unchanged; points: 0 of 30; detail: changed:");
  expect(text).toContain("· finding: response-contains-analysis; worth: not decided");
  expect(text).toContain("files changed · turn: 1; files: contract.md");
});

test("an unknown id has no page", async () => {
  const directory = await writeRun(scratch, { episodes: [episode("raw")] });
  const source = await sourceOf(directory);
  expect(await episodePage(source, "0000000000000000")).toBeNull();
  expect(await episodePage(source, idOf("raw"), new URLSearchParams({ message: "99" }))).toBeNull();
  expect(await episodePage(source, idOf("raw"), new URLSearchParams({ request: "99" }))).toBeNull();
  await expect(episodePage(source, idOf("raw"), new URLSearchParams({ message: "../x" }))).rejects.toThrow(
    "is no number",
  );
  const pair = { domain: "library", taskId: "0", trial: 0, load: "closed:1", repetition: 0 };
  expect(await pairPage(source, { ...pair, taskId: "9" })).toBeNull();
  expect(textOf(await pairPage(source, pair))).toContain("Only this arm has finished it");
});

test("what the path altered is shown as a difference at its request", async () => {
  const attemptKey = attemptKeyOf(idOf("gateway"));
  const request = JSON.stringify({ ...question, temperature: 0.7 });
  const directory = await writeRun(scratch, {
    episodes: [
      episode("gateway", {
        exchanges: exchangesOf(attemptKey, { request, response: answer("changed on its way") }),
      }),
    ],
  });
  const source = await sourceOf(directory);
  const page = (await episodePage(source, idOf("gateway"))) ?? "";
  expect(textOf(page)).toContain(
    "2 of 2 requests and answers of the agent were compared where they entered the arm and at the engine: 2 differ.",
  );
  expect(textOf(page)).toContain("temperature 0 was sent, 0.7 reached the engine");
  expect(page).toContain("0<ins>.7</ins>");
  expect(page).toContain("<del>said</del><ins>changed on its way</ins>");
  expect(textOf(page).split("altered on its way").length - 1).toBe(2);
  const bodies = (await episodePage(source, idOf("gateway"), new URLSearchParams({ request: "1" }))) ?? "";
  expect(textOf(bodies)).toMatch(/"temperature": 0 ?\.7/);
});

interface Lack {
  readonly bodies?: "none" | "zst";
  readonly inner?: boolean;
  readonly failedInner?: boolean;
}

test.each([
  // A limit has two names.
  [{ max_completion_tokens: 2048 }, { max_tokens: 8000 }, "<del>2048</del><ins>8000</ins>"],
  [{ stop: ["a", "b"] }, { stop: ["a", "c"] }, "<del>b</del><ins>c</ins>"],
  [{}, { messages: [{ role: "system", content: "Be brief." }, ...question.messages] }, "Be brief."],
  [{ seed: 7 }, {}, "<del>7</del>"],
  [{}, { logprobs: true }, "<ins>true</ins>"],
])("%j that reaches the engine as %j is shown as it was on both sides", async (sent, received, shown) => {
  const attemptKey = attemptKeyOf(idOf("gateway"));
  const exchanges = exchangesOf(attemptKey).map((exchange) => ({
    ...exchange,
    request: JSON.stringify({ ...question, ...(exchange.timing.hop === "inner" ? received : sent) }),
  }));
  const directory = await writeRun(scratch, { episodes: [episode("gateway", { exchanges })] });
  const page = (await episodePage(await sourceOf(directory), idOf("gateway"))) ?? "";
  expect(page).toContain(shown);
});

test("one difference of many requests is told once, and one behind two million characters is found", async () => {
  const attemptKey = attemptKeyOf(idOf("gateway"));
  const long = (end: string) =>
    JSON.stringify({ messages: [{ role: "user", content: `${"long ".repeat(400_000)}${end}` }] });
  const exchanges = exchangesOf(attemptKey).map((exchange) => ({
    ...exchange,
    request: long(exchange.timing.hop === "inner" ? "cut" : "whole"),
  }));
  const directory = await writeRun(scratch, { episodes: [episode("gateway", { exchanges })] });
  const page = (await episodePage(await sourceOf(directory), idOf("gateway"))) ?? "";
  expect(page.match(/<del>whole<\/del><ins>cut<\/ins>/g)).toHaveLength(1);
  expect(page.match(/<article class="change">/g)).toHaveLength(1);
  expect(textOf(page)).toContain(`in ${attemptKey}-a1 ${attemptKey}-a2`);
  expect(page.length).toBeLessThan(100_000);
});

test.each<[string, Lack, string]>([
  ["no bodies were kept", { bodies: "none" }, "bodies of its requests were not kept"],
  ["no inner tap", { inner: false }, "For 2 requests nothing was seen at the engine"],
  ["an engine that failed behind a whole answer", { failedInner: true }, "hidden-failure"],
])("%s, and the page says so", async (_name, { bodies = "zst", inner = true, failedInner }, expected) => {
  const attemptKey = attemptKeyOf(idOf("gateway"));
  const exchanges = exchangesOf(attemptKey, { inner }).map((exchange) =>
    failedInner === true && exchange.timing.hop === "inner"
      ? { ...exchange, timing: { ...exchange.timing, status: 500 } }
      : exchange,
  );
  const directory = await writeRun(scratch, { episodes: [episode("gateway", { exchanges })], bodies });
  expect(textOf(await episodePage(await sourceOf(directory), idOf("gateway")))).toContain(expected);
});

test("evidence that is damaged or lost leaves the rest of the page as it is", async () => {
  const directory = await writeRun(scratch, { episodes: [episode("raw")] });
  const evidence = join(directory, "evidence", "c1-r0-raw", "s0");
  const taps = await readFile(join(evidence, "taps.ndjson"), "utf8");
  await writeFile(join(evidence, "taps.ndjson"), taps.replace('"startedNs"', '"startedns"'));
  await writeFile(join(evidence, "fidelity.json"), "{");
  await writeFile(join(evidence, "bodies.ndjson.zst"), "no zstd");
  const source = await sourceOf(directory);
  const text = textOf(await episodePage(source, idOf("raw")));
  expect(text).toContain("Not everything is here");
  expect(text).toMatch(/Without the times of its requests: .*taps\.ndjson:\d+ cannot be read/);
  expect(text).toMatch(/Without what the path changed: .*fidelity\.json cannot be read/);
  expect(text).toContain("Yes, one copy.");
  const lost = { ...source, trajectory: async () => Promise.resolve(null) };
  const without = textOf(await episodePage(lost, idOf("raw")));
  expect(without).toContain("The conversation of this episode is not in the run's trajectories");
});

const recorded = {
  v: 1 as const,
  level: "L1" as const,
  recorder: "tollgate",
  tokenizerSha256: null,
  dropped: [],
  calls: [
    {
      interactionId: "i1",
      requestId: `${attemptKeyOf(idOf("gateway"))}-a1`,
      parent: null,
      sharedTokens: 0,
      breakCause: null,
      promptTail: [1, 2, 3],
      outputIds: [7, 8],
      outputLogprobs: [-0.1, -3],
      weightVersion: null,
      finishReason: "stop",
      reward: null,
    },
  ],
};

test("recorded tokens stand with their probabilities, and their texts where the engine's answer has one for each", async () => {
  const attemptKey = attemptKeyOf(idOf("gateway"));
  const said = (tokens: readonly string[]) =>
    JSON.stringify({ choices: [{ logprobs: { content: tokens.map((token) => ({ token })) } }] });
  for (const [runId, tokens, shown] of [
    ["texts", ["Ye", "s"], ["Ye", "s"]],
    ["other-count", ["Yes"], ["7", "8"]],
  ] as const) {
    const exchanges = exchangesOf(attemptKey).map((exchange) =>
      exchange.timing.hop === "inner" ? { ...exchange, response: said(tokens) } : exchange,
    );
    const run = { episodes: [episode("gateway", { recorded, exchanges })], identity: { runId } };
    const page = await episodePage(await sourceOf(await writeRun(scratch, run)), idOf("gateway"));
    expect(textOf(page)).toContain("prompt of 3 tokens, 2 generated, mean logprob -1.55");
    const found = [...(page ?? "").matchAll(/<span class="token ([^"]*)" title="([^"]*)">([^<]*)</g)];
    expect(found.map(([, look, , text]) => [look, text])).toEqual([
      ["p-high", shown[0]],
      ["p-least", shown[1]],
    ]);
    expect(found[1]?.[2]).toBe("id 8, logprob -3.000, probability 0.050");
  }
});

test("a compressed record of tokens that is large is read when somebody asks, and a damaged one harms nothing else", async () => {
  const directory = await writeRun(scratch, { episodes: [episode("raw")] });
  await writeFile(join(directory, "tokens.jsonl.zst"), Buffer.alloc(600_000, "no zstd"));
  const source = await sourceOf(directory);
  const page = (await episodePage(source, idOf("raw"))) ?? "";
  expect(textOf(page)).toContain("The run's record of tokens is 600 kB, compressed");
  expect(page).toContain(`?tokens=1#tokens"`);
  const asked = textOf(await episodePage(source, idOf("raw"), new URLSearchParams({ tokens: "1" })));
  expect(asked).toContain("They cannot be read:");
  expect(asked).toContain("Yes, one copy.");
});

test("a torn last line is left out and told", async () => {
  const directory = await writeRun(scratch, { episodes: [episode("raw")], bodies: "plain" });
  for (const name of ["taps.ndjson", "bodies.ndjson"]) {
    const path = join(directory, "evidence", "c1-r0-raw", "s0", name);
    await writeFile(path, `${await readFile(path, "utf8")}{"v":1,"hop":"ou`);
  }
  const text = textOf(await episodePage(await sourceOf(directory), idOf("raw")));
  expect(text).toContain("the last line is torn and was left out");
  expect(text).toContain("2 of 2 requests and answers");
});

test("requests without a message are in the turn of their time, a failed one with its reason", async () => {
  const attemptKey = attemptKeyOf(idOf("raw"));
  const failed: WrittenExchange = {
    timing: {
      requestId: `${attemptKey}-a9`,
      ...stampsMs(500, 510, 520),
      status: 503,
      firstTokenNs: null,
      lastTokenNs: null,
      usage: null,
    },
  };
  const directory = await writeRun(scratch, {
    episodes: [
      episode("raw", {
        exchanges: [...exchangesOf(attemptKey), failed],
        record: {
          status: "failed",
          reward: null,
          failure: { class: "engine", message: "status 503 of the engine" },
        },
      }),
    ],
  });
  const text = textOf(await episodePage(await sourceOf(directory), idOf("raw")));
  expect(text).toContain("Failed: engine status 503 of the engine");
  expect(text).toContain("A part failed, so this episode is nobody's score");
  expect(text).toMatch(/Without a message .* model request status 503/);
});

test("raw beside gateway: the first difference, where the time went, and arms to choose from", async () => {
  const other = (arm: string, text?: string) => {
    const attemptKey = attemptKeyOf(idOf(arm));
    return episode(arm, { transcript: transcript(attemptKey, text) });
  };
  const directory = await writeRun(scratch, {
    episodes: [other("raw"), other("gateway", "Yes, two copies."), other("proxy")],
  });
  const source = await sourceOf(directory);
  const pair = { domain: "library", taskId: "0", trial: 0, load: "closed:1", repetition: 0 };
  const page = (await pairPage(source, pair)) ?? "";
  expect(textOf(page)).toContain("library/0, trial 0: raw beside gateway");
  expect(textOf(page)).toContain("The first difference is in turn 1, after 3 equal messages: the text.");
  expect(textOf(page)).toContain("3 equal messages");
  expect(page).toContain("Yes, <del>one</del><ins>two</ins> <del>copy</del><ins>copies</ins>.");
  expect(page).toMatch(/id="first-difference"/);
  expect(textOf(page)).toContain("beside raw");
  const same = textOf(await pairPage(source, pair, new URLSearchParams({ right: "proxy" })));
  expect(same).toContain("raw beside proxy");
  expect(same).toContain("The two conversations are the same");
  await expect(pairPage(source, pair, new URLSearchParams({ right: "prox" }))).rejects.toThrow(
    "No arm prox has finished this task and trial at this load; there are raw, gateway, proxy.",
  );
});

test("equal conversations whose prompts have unlike lengths are told: the model was not asked the same", async () => {
  const longer = (of: Transcript): Transcript => ({
    ...of,
    messages: of.messages.map((message) =>
      message.role === "assistant" && message.usage !== null
        ? { ...message, usage: { ...message.usage, promptTokens: message.usage.promptTokens + 11 } }
        : message,
    ),
  });
  const directory = await writeRun(scratch, {
    episodes: [
      episode("raw"),
      episode("gateway", { transcript: longer(transcript(attemptKeyOf(idOf("gateway")))) }),
    ],
  });
  const pair = { domain: "library", taskId: "0", trial: 0, load: "closed:1", repetition: 0 };
  expect(textOf(await pairPage(await sourceOf(directory), pair))).toContain(
    "its prompt has 100 tokens in raw and 111 in gateway",
  );
});
