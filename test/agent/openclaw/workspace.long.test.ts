import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AgentTurn, OwnToolCall } from "../../../bench/agent/agent.ts";
import { openclaw } from "../../../bench/agent/openclaw/agent.ts";
import { defaultLimits } from "../../../bench/config/sandbox-schema.ts";
import { chooseSandbox } from "../../../bench/sandbox/choice/choose.ts";
import type { Sandbox, SandboxFactory } from "../../../bench/sandbox/sandbox.ts";
import { Rig, type SessionOptions } from "./rig.ts";
import type { ScriptedCall, SeenRequest } from "./scripted-model.ts";

/**
 * OpenClaw's own tools in a sandbox lean on its sandbox registry, its file bridge and its events. Each test is named after
 * one of them, so that the first red line after an upgrade says what broke. One gateway serves all.
 */
const { ownTools, prompt } = openclaw.describe(
  { kind: "openclaw", prompt: "exact", gateways: "auto" },
  "workspace",
);
let rig: Rig;
let factory: SandboxFactory;
let secret: string;

beforeAll(async () => {
  rig = await Rig.start(() => "Error: nothing is served", ownTools);
  secret = path.join(rig.directory, "secret");
  writeFileSync(secret, "canary-of-the-host");
  const scratchDirectory = path.join(rig.directory, "sandboxes");
  mkdirSync(scratchDirectory);
  const childEnvironment = { PATH: process.env["PATH"] ?? "", TOLLGATE_RUN: rig.runId };
  factory = await chooseSandbox({ kind: "auto" }, { childEnvironment, scratchDirectory, hidden: [] });
}, 300_000);

afterAll(async () => {
  await rig?.[Symbol.asyncDispose]();
}, 60_000);

const call = (name: string, given: Readonly<Record<string, unknown>>, id = "call_1"): ScriptedCall => ({
  id,
  name,
  arguments: JSON.stringify(given),
});
const exec = (command: string, more: Readonly<Record<string, unknown>> = {}, id = "call_1") =>
  call("exec", { command, ...more }, id);

interface Played {
  readonly turns: readonly AgentTurn[];
  readonly calls: readonly OwnToolCall[];
  readonly sandbox: Sandbox;
  readonly hostDirectory: string;
}

interface Play extends Partial<Omit<SessionOptions, "key" | "replies">> {
  readonly texts?: readonly string[];
  readonly signal?: AbortSignal;
  /** While the sandbox still lives. */
  readonly before?: (played: Played) => Promise<void>;
}

async function play(key: string, replies: SessionOptions["replies"], options: Play = {}): Promise<Played> {
  const { texts = ["Do it."], signal = new AbortController().signal, before, ...more } = options;
  const hostDirectory = path.join(rig.directory, "ws", key);
  mkdirSync(hostDirectory, { recursive: true });
  const request = { name: key, workspace: hostDirectory, readOnly: [], network: false, environment: {} };
  await using sandbox = await factory.open({ ...request, limits: defaultLimits });
  const { directory } = sandbox;
  const workspace = { directory, hostDirectory, enter: sandbox.enter([]) };
  await using session = await rig.open({ key, replies, tools: "[]", workspace, ...more });
  const turns: AgentTurn[] = [];
  for (const text of texts) turns.push(await session.turn(text, signal));
  const played = { turns, calls: session.takeOwnCalls?.() ?? [], sandbox, hostDirectory };
  await before?.(played);
  return played;
}

const requestsOf = (key: string) => rig.model.of(key).map(({ body }) => body);
const toolTexts = (key: string) =>
  (requestsOf(key).at(-1)?.messages ?? [])
    .filter(({ role }) => role === "tool")
    .map(({ content }) => content);

/** Command lines of this machine's processes that hold a text. */
function running(text: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim()];
      } catch {
        return [];
      }
    })
    .filter((line) => line === text);
}

async function settled(check: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !check(); tries++) await sleep(100);
}

test("prompt and tools: OpenClaw's own, with the arguments that scripts and served tools go by", async () => {
  expect(prompt).toBe("stock");
  const { turns } = await play("tools", [{ say: "ok" }]);
  expect(turns).toEqual([{ status: "answered", text: "ok" }]);
  const [body] = requestsOf("tools");
  const tools = body?.["tools"] as { function: { name: string; parameters: { required: string[] } } }[];
  expect(tools.map(({ function: { name, parameters } }) => [name, ...parameters.required])).toEqual([
    ["edit", "path", "edits"],
    ["exec", "command"],
    ["process", "action"],
    ["read", "path"],
    ["write", "path", "content"],
  ]);
  expect(body?.messages[0]).toMatchObject({
    role: "system",
    content: expect.stringContaining("running inside OpenClaw"),
  });
  expect(JSON.stringify(body?.messages[1])).toContain("Do it.");
});

test("user texts: what looks like a command of OpenClaw, or like nothing, reaches the model", async () => {
  const texts = ["/new", " /reset x", "\n", "/status", "!ls"];
  const { turns } = await play(
    "texts",
    [...texts, ""].map(() => ({ say: "ok" })),
    { texts },
  );
  expect(turns.map(({ status }) => status)).toEqual(texts.map(() => "answered"));
  const seen = (requestsOf("texts").at(-1)?.messages ?? [])
    .filter(({ role }) => role === "user")
    .map(({ content }) => JSON.stringify(content));
  for (const text of texts) expect(seen.some((message) => message.includes(text.trim()))).toBe(true);
  expect(requestsOf("texts")).toHaveLength(texts.length);
});

test("sandbox backend: files and commands are those of the workspace, calls are told as they were", async () => {
  const odd = '{ "path" :  "sub/b.txt", "content": "é\\n" }';
  const { calls, hostDirectory } = await play("files", [
    { say: "Writing.", calls: [{ id: "call_1", name: "write", arguments: odd }] },
    { calls: [call("edit", { path: "sub/b.txt", edits: [{ oldText: "é", newText: "ü" }] })] },
    { calls: [call("read", { path: "sub/b.txt" }), exec("cat sub/b.txt; pwd; exit 3", {}, "call_2")] },
    { say: "Done." },
  ]);
  expect(readFileSync(path.join(hostDirectory, "sub/b.txt"), "utf8")).toBe("ü\n");
  expect(calls).toMatchObject([
    { toolCallId: "call_1", name: "write", argumentsText: odd, error: false },
    { name: "edit", error: false },
    { name: "read", content: "ü\n", error: false },
    { toolCallId: "call_2", name: "exec", error: true },
  ]);
  expect(calls[3]?.content).toBe("ü\n/workspace\n\n(Command exited with code 3)");
  expect(calls.map(({ content }) => content)).toEqual(toolTexts("files"));
});

test("nothing of the host: file tools, commands, other hosts, elevated rights, environments", async () => {
  const { calls, sandbox } = await play("out", [
    { calls: [exec(`ln -s ${secret} link; ln -s / all`)] },
    {
      calls: [secret, "link", `all${secret}`, `../../../..${secret}`, `file://${secret}`].flatMap(
        (file, index) => [
          call("read", { path: file }, `call_r${index}`),
          call("write", { path: file, content: "overwritten" }, `call_w${index}`),
        ],
      ),
    },
    {
      calls: [
        exec(`cat ${secret}`, {}, "call_1"),
        exec(`cat ${secret}`, { host: "gateway" }, "call_2"),
        exec(`cat ${secret}`, { host: "node" }, "call_3"),
        exec(`cat ${secret}`, { elevated: true }, "call_4"),
        exec("pwd", { workdir: rig.directory }, "call_5"),
        call("edit", { path: "link", edits: [{ oldText: "canary", newText: "x" }] }, "call_6"),
      ],
    },
    { calls: [exec("cat /proc/*/environ; env; ls -la /root /home /tmp"), exec("echo inside", {}, "call_2")] },
    { say: "Done." },
  ]);
  expect(sandbox.kind).not.toBe("none");
  expect(calls).toHaveLength(1 + 10 + 6 + 2);
  expect(calls.slice(1, 17).map(({ name, error }) => [name, error])).toEqual(
    calls.slice(1, 17).map(({ name }) => [name, true]),
  );
  const seen = JSON.stringify([requestsOf("out").map(({ messages }) => messages.slice(2)), calls]);
  // Not the text itself in a failure: it is long.
  const secrets = ["canary-of-the-host", "key-of-out", "fleet-token"];
  expect(secrets.filter((word) => seen.includes(word))).toEqual([]);
  expect(calls.at(-1)?.content).toBe("inside");
  expect(readFileSync(secret, "utf8")).toBe("canary-of-the-host");
});

test("process: a background command is polled a turn later, others do not see it, its end begins no turn", async () => {
  const named = ({ body }: SeenRequest) => /session ([a-z-]+), pid/.exec(JSON.stringify(body))?.[1];
  const { calls, turns } = await play(
    "background",
    [
      {
        calls: [
          exec("echo one; sleep 1; echo two; exit 4", { background: true }),
          exec("true", {}, "call_2"),
        ],
      },
      { say: "Started." },
      (request) => ({
        calls: [call("process", { action: "poll", sessionId: named(request), timeout: 10_000 })],
      }),
      (request) => ({
        calls: [call("process", { action: "poll", sessionId: named(request), timeout: 10_000 }, "call_4")],
      }),
      { say: "Over." },
    ],
    { texts: ["Begin.", "And now?"], before: async () => sleep(2000) },
  );
  expect(turns.map(({ status }) => status)).toEqual(["answered", "answered"]);
  expect(calls[0]).toMatchObject({ error: false, content: expect.stringContaining("still running") });
  expect(calls.slice(2).some(({ content, error }) => content.includes("code 4") && error)).toBe(true);
  expect(requestsOf("background"), "none but those that were asked for").toHaveLength(5);
  const other = await play("other", [{ calls: [call("process", { action: "list" })] }, { say: "Done." }]);
  expect(other.calls[0]?.content).toBe("No running or recent sessions.");
});

test("abort and time limit: a turn that is stopped ends its commands and their children, calls are told", async () => {
  const stop = new AbortController();
  const started = play("abort", [{ calls: [exec("sleep 600.31 & sleep 600.32; true")] }], {
    signal: stop.signal,
  });
  await settled(() => running("sleep 600.32").length > 0);
  expect(running("sleep 600.31")).toHaveLength(1);
  stop.abort();
  const aborted = await started;
  expect(aborted.turns).toEqual([{ status: "aborted" }]);
  expect(aborted.calls).toMatchObject([{ name: "exec", error: true }]);

  const late = await play("late", [{ calls: [exec("(setsid sleep 600.41 &); sleep 600.42; true")] }], {
    turnTimeoutMs: 3000,
    before: async () => {
      await settled(() => running("sleep 600.41").length + running("sleep 600.42").length === 0);
      expect([...running("sleep 600.41"), ...running("sleep 600.42")], "while the sandbox lives").toEqual([]);
    },
  });
  expect(late.turns).toEqual([{ status: "timed-out", afterMs: 3000 }]);
  expect(late.calls).toMatchObject([{ name: "exec", error: true }]);
});

test("many sessions of one gateway at once: each in its own workspace", async () => {
  const keys = Array.from({ length: 8 }, (_, index) => `many-${index}`);
  const all = await Promise.all(
    keys.map(async (key) =>
      play(key, [
        { calls: [call("write", { path: "who.txt", content: key })] },
        { calls: [exec("sleep 0.5; cat who.txt; ls")] },
        { say: "Done." },
      ]),
    ),
  );
  expect(all.map(({ calls }) => calls[1]?.content)).toEqual(keys.map((key) => `${key}who.txt`));
});
