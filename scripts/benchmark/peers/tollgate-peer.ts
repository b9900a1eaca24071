import { fileURLToPath } from "node:url";
import { chatBody, concurrency, fast, type Peer } from "./peer.ts";

/** Tollgate's own load generator, as a program like the others. */
export const tollgatePeer: Peer = {
  name: "Tollgate",
  version: "this checkout",
  python: false,
  sizes: fast,
  command: ({ url, load }) => ({
    file: process.execPath,
    args: [
      fileURLToPath(new URL("./tollgate-load-program.ts", import.meta.url)),
      url,
      chatBody(load.kind !== "closed" || load.streamed),
      String(load.requests),
      load.kind === "closed" ? `closed:${concurrency}` : `${load.kind}:${load.perSecond}`,
    ],
  }),
  claims: ({ stdout }) => {
    const { meanTtftMs, latenessP50Ms, latenessP99Ms } = JSON.parse(stdout) as Record<string, number | null>;
    return {
      meanTtftMs: meanTtftMs ?? null,
      latenessP50Ms: latenessP50Ms ?? null,
      latenessP99Ms: latenessP99Ms ?? null,
    };
  },
};
