import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Tau2Message } from "../../../openclaw-tau2/tau2/contract/domain.ts";
import { connectToolClient } from "../../../bench/tools/client.ts";
import type { LoadOptions } from "../../../openclaw-tau2/tau2/contract/load-options.ts";
import { tau2ToolsUrl, type Tau2Tools } from "../../../openclaw-tau2/tools/tau2-tools.ts";
import type { OpenEpisode } from "../../../bench/tools/open-episode.ts";
import { startToolServer } from "../../../bench/tools/server.ts";

const library: LoadOptions = {
  domain: "library",
  dataDirectory: join(import.meta.dirname, "..", "..", "..", "openclaw-tau2", "data"),
};
const shared = join(process.env["TOLLGATE_SHARED"] ?? "../shared", "tau2");
const airline: LoadOptions = {
  domain: "airline",
  dataDirectory: join(shared, "data"),
  schemasDirectory: join(shared, "golden"),
};

/** A server with two real workers and as many episodes of one task as there are keys. */
async function openEpisodes(domain: LoadOptions, taskId: string, keys: readonly string[]) {
  const stack = new AsyncDisposableStack();
  const scratchDirectory = await mkdtemp(join(tmpdir(), "tools-"));
  stack.defer(() => rm(scratchDirectory, { recursive: true, force: true }));
  const server = stack.use(
    await startToolServer<Tau2Tools>({ module: tau2ToolsUrl, scratchDirectory, preload: [domain] }),
  );
  const open = (attemptKey: string) =>
    server.openEpisode({
      episodeId: `e-${attemptKey}`,
      attemptKey,
      settings: domain,
      taskId,
      limits: { maxSteps: 200, maxErrors: 10, callTimeoutMs: 30_000 },
      session: {
        baseUrl: "http://127.0.0.1:1/v1",
        headers: {},
        sampling: {},
        prompt: "exact",
        greeting: null,
      },
    });
  const episodes = await Promise.all(keys.map(open));
  return { server, episodes, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Makes calls as the agent would, over the episode's socket; the transcript is what the evaluator needs. */
async function act(
  episode: OpenEpisode,
  calls: readonly (readonly [string, object])[],
): Promise<Tau2Message[]> {
  using client = await connectToolClient({ socket: episode.socket, timeoutMs: 30_000 });
  const messages: Tau2Message[] = [];
  for (const [index, [name, fields]] of calls.entries()) {
    const argumentsText = JSON.stringify(fields);
    const toolCall = { id: `c${index}`, name, argumentsText, requestor: "assistant" as const };
    const { content, error } = await client.call({
      token: episode.token,
      name,
      argumentsText,
      toolCallId: toolCall.id,
    });
    messages.push(
      { role: "assistant", content: null, toolCalls: [toolCall] },
      { role: "tool", id: toolCall.id, content, requestor: "assistant", error },
    );
  }
  return messages;
}

async function stateOf(episode: OpenEpisode): Promise<string> {
  using client = await connectToolClient({ socket: episode.socket, timeoutMs: 30_000 });
  return (await client.state(episode.token)).agentHash;
}

test("a library episode is played over the socket and judged in its worker", async () => {
  await using world = await openEpisodes(library, "pay-fine", ["a", "b", "c"]);
  const [paid, silent, idle] = world.episodes as [
    OpenEpisode<Tau2Tools>,
    OpenEpisode<Tau2Tools>,
    OpenEpisode<Tau2Tools>,
  ];
  const before = await stateOf(idle);
  const calls = [
    ["get_account", { member_id: "M1008" }],
    ["pay_fine", { fine_id: "F404", payment_method: "card" }],
  ] as const;
  const said: Tau2Message = { role: "assistant", content: "You paid 6.45.", toolCalls: null };
  const [paidMessages, silentMessages] = await Promise.all([act(paid, calls), act(silent, calls)]);
  const terminationReason = "user_stop";
  const rewards = await Promise.all([
    paid.evaluate({ messages: [...paidMessages, said], terminationReason }),
    silent.evaluate({ messages: silentMessages, terminationReason }),
    idle.evaluate({ messages: [said], terminationReason }),
    paid.evaluate({ messages: [...paidMessages, said], terminationReason: "max_steps" }),
  ]);
  expect(rewards.map(({ reward, rewardBasis }) => [reward, rewardBasis])).toEqual([
    [1, ["DB", "COMMUNICATE"]],
    [0, ["DB", "COMMUNICATE"]],
    [0, ["DB", "COMMUNICATE"]],
    [0, null],
  ]);
  expect(await stateOf(paid)).not.toBe(before);
  expect(await stateOf(silent)).toBe(await stateOf(paid));
  expect(await stateOf(idle)).toBe(before);
});

test("a task, a domain or a folder that does not exist is named in the error", async () => {
  await using world = await openEpisodes(library, "pay-fine", []);
  const open = (domain: LoadOptions, taskId: string) =>
    world.server.openEpisode({
      episodeId: "e",
      attemptKey: "a",
      settings: domain,
      taskId,
      limits: { maxSteps: 1, maxErrors: 1, callTimeoutMs: 1_000 },
      session: { baseUrl: "x", headers: {}, sampling: {}, prompt: "exact", greeting: null },
    });
  await expect(open(library, "pay-fines")).rejects.toThrow("domain library has no task pay-fines");
  await expect(open({ ...library, domain: "libary" }, "x")).rejects.toMatchObject({
    kind: "ConfigError",
    message: expect.stringContaining('Unknown domain "libary"'),
  });
  await expect(open({ ...library, dataDirectory: "/nowhere" }, "x")).rejects.toThrow("/nowhere");
});

test.skipIf(!existsSync(airline.dataDirectory))(
  "64 airline episodes share their data and not their changes",
  async () => {
    const keys = Array.from({ length: 64 }, (_, index) => `a${index}`);
    await using world = await openEpisodes(airline, "0", keys);
    const { episodes } = world;
    const fresh = await stateOf(episodes[0]!);
    const cancelled = episodes.filter((_, index) => index % 2 === 1);
    await Promise.all(
      cancelled.map((episode) => act(episode, [["cancel_reservation", { reservation_id: "EHGLP3" }]])),
    );
    const hashes = await Promise.all(episodes.map(stateOf));
    expect(hashes.filter((hash) => hash === fresh)).toHaveLength(32);
    expect(new Set(hashes).size).toBe(2);
  },
);
