import { join } from "node:path";
import { connectToolClient } from "../../bench/tools/client.ts";
import { startToolServer } from "../../bench/tools/server.ts";
import { tau2ToolsUrl, type Tau2Tools } from "../../openclaw-tau2/tools/tau2-tools.ts";
import { medianReading, millisecondsSince, type Measurement } from "./measurement.ts";

/** A read call of our own domain: client, socket, worker thread, tool, and back; one call in flight. */
export const toolRoundTrip: Measurement = {
  name: "tool-call",
  measure: async (bench) => {
    const dataDirectory = join(bench.root, "openclaw-tau2", "data");
    const domain = { domain: "library", dataDirectory };
    await using server = await startToolServer<Tau2Tools>({
      module: tau2ToolsUrl,
      workers: 1,
      scratchDirectory: bench.scratch,
      preload: [domain],
    });
    const calls = bench.quick ? 500 : 5_000;
    const episode = await server.openEpisode({
      episodeId: "benchmark",
      attemptKey: "benchmark",
      settings: domain,
      taskId: "renew-one",
      limits: { maxSteps: 1e9, maxErrors: 10, callTimeoutMs: 5_000 },
      session: {
        baseUrl: "http://127.0.0.1:1/v1",
        headers: {},
        sampling: {},
        prompt: "exact",
        greeting: null,
      },
    });
    using client = await connectToolClient({ socket: episode.socket, timeoutMs: 5_000 });
    const call = {
      token: episode.token,
      name: "get_account",
      argumentsText: '{"member_id": "M1001"}',
    };
    const roundTripsMs: number[] = [];
    // The first calls compile code.
    for (let at = -200; at < calls; at += 1) {
      const startedNs = bench.nowNs();
      const { error, content } = await client.call(call);
      if (error) throw new Error(`the tool answered ${content}`);
      if (at >= 0) roundTripsMs.push(millisecondsSince(bench, startedNs));
    }
    await episode.close();
    return [
      medianReading({ what: "tool call: round trip over the socket", unit: "ms", target: 0.1 }, roundTripsMs),
    ];
  },
};
