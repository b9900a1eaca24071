/** What a generator is asked to do to the mock engine. */
export type PeerLoad =
  /** As fast as 64 connections go. Tools that count time instead of requests run for `seconds`. */
  | {
      readonly kind: "closed";
      readonly streamed: boolean;
      readonly requests: number;
      readonly seconds: number;
    }
  | { readonly kind: "constant" | "poisson"; readonly perSecond: number; readonly requests: number };

export interface PeerTask {
  /** Origin of the mock engine. */
  readonly url: string;
  readonly load: PeerLoad;
  /** An existing folder for files of this run. */
  readonly scratch: string;
}

export interface PeerCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
}

/** What a generator says about itself; what the server says is the judge of everything else. */
export interface PeerClaims {
  readonly meanTtftMs: number | null;
  readonly latenessP50Ms: number | null;
  readonly latenessP99Ms: number | null;
}

export const noClaims: PeerClaims = { meanTtftMs: null, latenessP50Ms: null, latenessP99Ms: null };

/** A generator that was found on this machine. */
export interface Peer {
  readonly name: string;
  readonly version: string;
  readonly python: boolean;
  /** Requests of a closed load: few, to know what starting costs, and many. */
  readonly sizes: { readonly few: number; readonly many: number };
  /** null when it cannot do this. */
  command(task: PeerTask): PeerCommand | null;
  claims(output: { readonly stdout: string; readonly scratch: string }): PeerClaims;
}

/** A generator that is not in the table, and why. */
export interface MissingPeer {
  readonly name: string;
  readonly why: string;
}

export const concurrency = 64;
export const chatPath = "/v1/chat/completions";

export function chatBody(streamed: boolean): string {
  return JSON.stringify({
    model: "mock",
    ...(streamed && { stream: true }),
    messages: [{ role: "user", content: "hi" }],
  });
}

export const fast = { few: 2_000, many: 40_000 } as const;
export const slow = { few: 200, many: 1_500 } as const;
