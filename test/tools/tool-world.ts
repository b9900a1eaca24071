import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { connectToolClient, type ToolClient } from "../../bench/tools/client.ts";
import type { PlantedTools } from "./planted-tools.ts";
import type { OpenEpisode } from "../../bench/tools/open-episode.ts";
import {
  startToolServer,
  type EpisodeRequest,
  type ToolServer,
  type ToolServerOptions,
} from "../../bench/tools/server.ts";

/** Real servers and clients of one test, on a scratch folder of its own; all of it is gone after the test. */
export function useToolWorld() {
  let scratchDirectory = "";
  const cleanUps: (() => PromiseLike<void> | void)[] = [];
  beforeEach(async () => {
    scratchDirectory = await mkdtemp(join(tmpdir(), "tools-"));
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
    await rm(scratchDirectory, { recursive: true, force: true });
  });
  return {
    scratch: (): string => scratchDirectory,
    start: async (
      options: Partial<ToolServerOptions<PlantedTools>> = {},
    ): Promise<ToolServer<PlantedTools>> => {
      const module = new URL("./planted-tools.ts", import.meta.url);
      const server = await startToolServer<PlantedTools>({ scratchDirectory, module, ...options });
      cleanUps.push(() => server[Symbol.asyncDispose]());
      return server;
    },
    clientOf: async (socket: string): Promise<ToolClient> => {
      const client = await connectToolClient({ socket, timeoutMs: 10_000 });
      cleanUps.push(() => client[Symbol.dispose]());
      return client;
    },
  };
}

export function request(
  attemptKey: string,
  changes: Partial<EpisodeRequest<PlantedTools>> = {},
): EpisodeRequest<PlantedTools> {
  return {
    episodeId: `episode-of-${attemptKey}`,
    attemptKey,
    settings: { name: "planted" },
    taskId: "t1",
    limits: { maxSteps: 200, maxErrors: 10, callTimeoutMs: 5_000 },
    session: {
      baseUrl: "http://127.0.0.1:1/v1",
      headers: { "x-tollgate-attempt": attemptKey },
      sampling: { temperature: 0, seed: 7 },
      prompt: "exact",
      greeting: "Hello.",
    },
    ...changes,
  };
}

export const add = (episode: OpenEpisode, by: number, more: object = {}) => ({
  token: episode.token,
  name: "add",
  argumentsText: `{"by":${by}}`,
  ...more,
});
export const callNamed = (episode: OpenEpisode, name: string, argumentsText = "{}") => ({
  token: episode.token,
  name,
  argumentsText,
});

export function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
  });
}
