import { expect, test } from "vitest";
import { preflightLines } from "../../bench/preflight/preflight.ts";
import { checks as all, PreflightError, runChecks } from "../../bench/preflight/run-checks.ts";
import { problemOf } from "../../bench/preflight/checks/generation.ts";
import { readAnswer } from "../../bench/answer/read-answer.ts";
import type { Finding, PreflightRecord } from "../../bench/store/preflight-record.ts";
import { chat, given, type Said } from "./given.ts";

const names = all.map(({ name }) => name);
const finding = (status: Finding["status"]): Finding => ({
  on: `on ${status}`,
  status,
  what: "seen",
  change: "Do it.",
});
const record: PreflightRecord = {
  at: "2026-01-01T00:00:00Z",
  seconds: 1.25,
  checks: [
    {
      name: "one",
      proves: "",
      skipped: false,
      findings: [finding("failed"), finding("ok"), finding("warning")],
    },
    { name: "two", proves: "", skipped: false, findings: [finding("not checked"), finding("failed")] },
    { name: "three", proves: "", skipped: true, findings: [] },
  ],
  arms: {},
};

test("the error names every failed check with what to change, and no warning", () => {
  const error = new PreflightError(record);
  expect(error.failed).toEqual(["one", "two"]);
  expect(error.message).toContain(
    "  one: on failed: seen\n    -> Do it.\n  two: on failed: seen\n    -> Do it.\n",
  );
  expect(error.message).toContain("--skip-preflight NAME");
  expect(error.message).not.toContain("on warning");
});

test("a watcher reads the counts, each warning, and which checks were left out", () => {
  expect(preflightLines(record)).toEqual([
    expect.stringMatching(/^preflight: 1 ok, 1 warnings, 2 failed, 1 not checked, in 1\.[23] s$/),
    "warning: preflight one: on warning: seen. Do it.",
    "warning: preflight left out three",
  ]);
});

test("a skipped check asks nothing, is in the record as skipped, and leaves the arm's facts unknown", async () => {
  const asked: string[] = [];
  const answering = (path: string) => () => {
    asked.push(path);
    return chat({ text: "Hello." });
  };
  const paths = ["/engine/v1/chat/completions", "/arm/v1/chat/completions"];
  await using rig = await given({
    answers: Object.fromEntries(paths.map((path) => [path, answering(path)])),
  });
  const skipped = new Set(names.filter((name) => name !== "generation"));
  const { arms, checks } = await runChecks(rig.context, skipped);
  expect(asked).toEqual(paths);
  expect(checks.map(({ name }) => name)).toEqual(names);
  expect(
    checks.filter((check) => !check.skipped).map(({ findings }) => findings.map(({ status }) => status)),
  ).toEqual([["ok", "ok"]]);
  expect(arms).toEqual({ a: { streaming: null, sameEngine: null } });
});

test("a stop between two checks ends the preflight with its reason", async () => {
  const stop = new AbortController();
  await using rig = await given({ answers: {}, context: { signal: stop.signal } });
  stop.abort(new Error("Ctrl-C"));
  await expect(runChecks(rig.context, new Set())).rejects.toThrow("Ctrl-C");
});

test.each<[string, Said, string | null]>([
  ["text", { text: "Hi", usage: null }, null],
  ["a call", { calls: [{ name: "f", arguments: "{}" }], finish: "tool_calls", usage: null }, null],
  ["no text but counted tokens (a model that only thought)", { usage: [5, 16] }, null],
  ["nothing at all", { usage: null }, "an empty answer"],
])("an answer with %s generates or not", (_what, said, problem) => {
  const answer = readAnswer(JSON.stringify(chat(said)));
  expect(problemOf({ chat: answer, problem: null, ms: 1, outer: [], inner: [] })).toBe(problem);
});

test("where no request of the work offers a tool, a server that refuses tools passes, and what was not asked is said", async () => {
  const tools: string[] = [];
  const answering = (body: Record<string, unknown>) => {
    const asked = ["tools", "tool_choice"].filter((field) => field in body);
    const called = JSON.stringify(body["messages"]).includes("tool_call");
    tools.push(...asked, ...(called ? ["a call in the messages"] : []));
    return asked.length > 0 || called ? null : chat({ text: "Hello.", usage: [10, 3] });
  };
  const inner = { hop: "inner" as const, requestBody: '{"temperature":0,"top_p":1,"max_tokens":24}' };
  await using rig = await given({
    answers: { "/engine/v1/chat/completions": answering, "/arm/v1/chat/completions": answering },
    seen: () => [inner],
    context: { usesTools: false },
  });
  const skipped = new Set(names.filter((name) => !["generation", "tool-call", "sampling"].includes(name)));
  const { checks } = await runChecks(rig.context, skipped);
  expect(tools).toEqual([]);
  const made = Object.fromEntries(checks.map(({ name, findings }) => [name, findings]));
  expect(made["tool-call"]).toEqual([
    {
      on: "arm a",
      status: "not checked",
      what: "no request of this workload offers a tool",
      change: null,
    },
  ]);
  expect(made["sampling"]?.map(({ on, status }) => [on, status])).toEqual([
    ["agent engine", "ok"],
    ["arm a", "ok"],
  ]);
});
