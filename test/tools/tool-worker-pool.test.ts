import { expect, test } from "vitest";
import { Episode } from "../../bench/tools/episode.ts";
import type { ToolRequest } from "../../bench/tools/protocol.ts";
import { issueToken, sameToken, TokenBook } from "../../bench/tools/token.ts";
import type { EnvironmentCall, ToolEnvironment, ToolModule } from "../../bench/tools/tool-module.ts";
import { ToolWorkerPool } from "../../bench/tools/tool-worker-pool.ts";
import { RunningCall, type FromWorker, type OpenParameters } from "../../bench/tools/worker-messages.ts";

const limits = { maxSteps: 200, maxErrors: 10, callTimeoutMs: 1_000 };
const opened = (attemptKey: string, changes: Partial<OpenParameters> = {}): OpenParameters => ({
  episodeId: `episode-of-${attemptKey}`,
  attemptKey,
  settings: { name: "planted" },
  taskId: "t1",
  limits,
  agentToken: `agent-${attemptKey}.secret-${attemptKey}`,
  userToken: `user-${attemptKey}.secret-${attemptKey}`,
  ordinal: 1,
  ...changes,
});

/** Answers with the caller and the name; `fail` is an error of the tool, `bug` one of its code. */
function environment(called: EnvironmentCall[] = []): ToolEnvironment {
  return {
    opened: { policy: "p", agentToolsJson: "[]" },
    call: (call) => {
      called.push(call);
      if (call.name === "bug") throw new TypeError("planted bug");
      return { content: `${call.requestor} ${call.name}`, error: call.name === "fail" };
    },
    hashes: () => ({ agentHash: "h", userHash: null }),
    evaluate: () => "judged",
  };
}

/** A worker's state without its thread, at a time that the test sets. */
function worker(module: ToolModule = { load: () => ({ open: () => environment() }) }) {
  const [sent, running] = [[] as FromWorker[], RunningCall.buffer()];
  const time = { nowNs: 0 };
  const pool = new ToolWorkerPool({
    task: {
      worker: 0,
      generation: 1,
      socket: "unused",
      fleetToken: "fleet.secret",
      maxFrameBytes: 1_000,
      module: "unused",
      preload: [],
      sessions: [],
      running,
    },
    module,
    send: (message) => sent.push(message),
    nowNs: () => time.nowNs,
  });
  const order = (name: "open" | "close", parameters: OpenParameters) =>
    pool.carryOut({ type: "do", number: 1, name, parameters });
  return { pool, sent, time, running: new RunningCall(running), order };
}

const call = (token: string, name = "look"): ToolRequest => ({
  id: 7,
  op: "call",
  token,
  name,
  arguments: "{}",
});

test("a token acts on its own episode as its own side, also with several open", async () => {
  const { order, pool } = worker();
  for (const key of ["a", "b"]) await order("open", opened(key));
  const said = ["agent-a.secret-a", "user-a.secret-a"].map((token) => pool.answer(call(token), 0));
  expect(said).toMatchObject([{ content: "assistant look" }, { content: "user look" }]);
  expect(pool.answer({ id: 1, op: "state", token: "agent-a.secret-a" }, 0)).toMatchObject({
    counts: { agentCalls: 1, userCalls: 1 },
  });
  expect(pool.answer({ id: 1, op: "state", token: "agent-b.secret-b" }, 0)).toMatchObject({
    counts: { agentCalls: 0, userCalls: 0 },
  });
});

test.each([
  "",
  ".",
  "agent-a",
  "agent-a.",
  "agent-a.secret-b",
  "agent-b.secret-b",
  "fleet.secret",
  ".secret-a",
])(
  "the token %j of nobody, of another secret, of another worker or of the fleet calls nothing",
  async (token) => {
    const called: EnvironmentCall[] = [];
    const { order, pool, sent } = worker({ load: () => ({ open: () => environment(called) }) });
    await order("open", opened("a"));
    expect(pool.answer(call(token), 0)).toMatchObject({ id: 7, ok: false, code: "bad-token" });
    expect([called, sent]).toEqual([[], []]);
  },
);

test("a closed episode's token hears closed, one that was never given bad-token, and the others go on", async () => {
  const { order, pool } = worker();
  for (const key of ["a", "b"]) await order("open", opened(key));
  await order("close", opened("a"));
  expect(pool.answer(call("agent-a.secret-a"), 0)).toMatchObject({ code: "closed" });
  expect(pool.answer({ id: 1, op: "state", token: "user-a.secret-a" }, 0)).toMatchObject({ code: "closed" });
  expect(pool.answer(call("agent-a.secret-x"), 0)).toMatchObject({ code: "bad-token" });
  expect(pool.answer(call("agent-b.secret-b"), 0)).toMatchObject({ ok: true });
});

test("equal settings are loaded once, also by episodes that open at the same time; a failed load is tried again", async () => {
  let loads = 0;
  const { order } = worker({
    load: async () => {
      loads += 1;
      if (loads === 1) throw new Error("the disk was not mounted yet");
      return { open: () => environment() };
    },
  });
  const tries = await Promise.allSettled([order("open", opened("a")), order("open", opened("b"))]);
  expect([loads, ...tries.map(({ status }) => status)]).toEqual([1, "rejected", "rejected"]);
  await Promise.all([order("open", opened("a")), order("open", opened("b"))]);
  expect(loads).toBe(2);
  await order("open", opened("c", { settings: { name: "other" } }));
  expect(loads).toBe(3);
});

test("a tool with a bug is told to the main thread before its caller hears internal, and is not counted as a call", async () => {
  const { order, pool, running, sent } = worker();
  await order("open", opened("a"));
  expect(pool.answer(call("agent-a.secret-a", "bug"), 0)).toMatchObject({ code: "internal" });
  expect(sent).toEqual([{ type: "broken", attemptKey: "a", message: "bug: planted bug" }]);
  expect(running.read()).toBeNull();
  expect(pool.answer({ id: 1, op: "state", token: "agent-a.secret-a" }, 0)).toMatchObject({
    counts: { agentCalls: 0, errors: 0 },
  });
});

/** One episode with its clock, and what a call of it gives. */
function episode(changes: Partial<OpenParameters["limits"]> = {}) {
  const [time, called, buffer] = [{ nowNs: 0 }, [] as EnvironmentCall[], RunningCall.buffer()];
  const running = new RunningCall(buffer);
  const seen: ReturnType<RunningCall["read"]>[] = [];
  const inner = environment(called);
  const one = new Episode(opened("a", { limits: { ...limits, ...changes }, ordinal: 3 }), {
    environment: {
      ...inner,
      call: (given) => {
        seen.push(running.read());
        return inner.call(given);
      },
    },
    running,
    nowNs: () => time.nowNs,
  });
  const ask = (requestor: "assistant" | "user", name = "look", requestId: string | null = null) => {
    const outcome = one.call({
      requestor,
      name,
      requestId,
      receivedNs: 0,
      argumentsText: "{}",
      toolCallId: null,
    });
    if (outcome instanceof Promise) throw new Error("no planted tool of these tests waits");
    return outcome.status === "called" ? "called" : outcome.reason;
  };
  return { one, ask, time, called, seen, running };
}

test("the user's calls count errors but are never refused at a limit, and are no steps", () => {
  const { ask, one } = episode({ maxErrors: 2 });
  expect(["fail", "fail", "look"].map((name) => ask("user", name))).toEqual(["called", "called", "called"]);
  expect(one.counts()).toMatchObject({ userCalls: 3, errors: 2, steps: 0, limit: "too_many_errors" });
  expect(ask("assistant")).toBe("limit");
});

test("the error that reaches the limit ends no round that has begun, and no round begins after it", () => {
  const { ask, one } = episode({ maxErrors: 1 });
  expect([
    ask("assistant", "fail", "r1"),
    ask("assistant", "look", "r1"),
    ask("assistant", "look", "r2"),
  ]).toEqual(["called", "called", "limit"]);
  expect(ask("assistant", "look", "r2")).toBe("limit");
  expect(one.counts()).toMatchObject({ agentCalls: 2, errors: 1, refused: 2, steps: 2 });
});

test("a call that waited exactly as long as allowed runs; a nanosecond more and it does not, and costs no step", () => {
  const { ask, called, one, time } = episode();
  time.nowNs = 1e9;
  expect(ask("assistant")).toBe("called");
  time.nowNs += 1;
  expect([ask("assistant"), ask("user")]).toEqual(["deadline", "deadline"]);
  expect(called).toHaveLength(1);
  expect(one.counts()).toMatchObject({ agentCalls: 1, userCalls: 0, refused: 2, steps: 2, errors: 0 });
});

test("a call counts as stuck from its start, not from its arrival, and as running only until its tool has answered or thrown", () => {
  const { ask, running, seen, time } = episode();
  time.nowNs = 4e8;
  expect(ask("assistant")).toBe("called");
  expect(() => ask("assistant", "bug")).toThrow("planted bug");
  expect(seen).toEqual([
    { ordinal: 3, stuckAtNs: 14e8 },
    { ordinal: 3, stuckAtNs: 14e8 },
  ]);
  expect(running.read()).toBeNull();
});

test("of two tokens with one handle the later owner counts, and the earlier token finds nobody", () => {
  const book = new TokenBook<string>();
  book.add("h.one", "first");
  book.add("h.two", "second");
  expect([book.find("h.one"), book.find("h.two"), book.find("h.")]).toEqual([undefined, "second", undefined]);
});

test("tokens are compared in bytes and whole: a prefix, another length or another letter is another token", () => {
  expect([sameToken("é", "é"), sameToken("é", "e\u0301"), sameToken("ab", "a"), sameToken("", "")]).toEqual([
    true,
    false,
    false,
    true,
  ]);
  expect(issueToken((size) => Buffer.alloc(size, 0xff))).toBe(`${"_".repeat(12)}.${"_".repeat(32)}`);
});
