import { join } from "node:path";
import { z } from "zod";
import { eachJsonLine } from "../../store/read-run.ts";

const tapLineSchema = z.object({
  hop: z.enum(["outer", "inner", "user"]),
  requestId: z.string(),
  episodeId: z.string().nullable(),
  attemptKey: z.string().nullable(),
  method: z.string(),
  path: z.string(),
  status: z.number().nullable(),
  outcome: z.string(),
  streamed: z.boolean(),
  startedNs: z.number(),
  firstByteNs: z.number().nullable(),
  firstTokenNs: z.number().nullable(),
  lastTokenNs: z.number().nullable(),
  endedNs: z.number(),
  usage: z
    .object({ promptTokens: z.number(), completionTokens: z.number(), cachedTokens: z.number().nullable() })
    .nullable(),
  tokenChunks: z.number().optional(),
  incomplete: z.string().nullable().optional(),
  impossibleUsage: z.string().optional(),
  sentAgain: z.object({ error: z.string() }).optional(),
});

/** A request for a generation, as a tap saw it. */
export interface Seen extends z.infer<typeof tapLineSchema> {
  /** HTTP says that it came whole. */
  readonly whole: boolean;
  /** Whole, and nothing of the answer is missing. */
  readonly answered: boolean;
  readonly ttftMs: number | null;
  readonly itlMs: number | null;
  readonly e2eMs: number;
  /** The attempt that asked, else the request itself. */
  readonly unit: string;
}

const generation = /\/(completions|generate|responses)($|\?)/;

/** The generations that the taps of a stretch saw, in their order; null where they left no file. */
export async function readTaps(folder: string): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  await eachJsonLine({ path: join(folder, "taps.ndjson"), schema: tapLineSchema }, [], (line) => {
    if (line.method === "POST" && generation.test(line.path)) seen.push(timed(line));
  });
  return seen;
}

function timed(line: z.infer<typeof tapLineSchema>): Seen {
  const { streamed, startedNs, firstTokenNs, lastTokenNs, endedNs, usage } = line;
  const whole = line.outcome === "completed" && line.status === 200;
  const tokens = usage?.completionTokens ?? 0;
  const spread = streamed && firstTokenNs !== null && lastTokenNs !== null && firstTokenNs !== lastTokenNs;
  return {
    ...line,
    whole,
    answered: whole && (line.incomplete ?? null) === null,
    ttftMs: streamed && firstTokenNs !== null ? (firstTokenNs - startedNs) / 1e6 : null,
    itlMs: spread && tokens > 1 ? (lastTokenNs - firstTokenNs) / (tokens - 1) / 1e6 : null,
    e2eMs: (endedNs - startedNs) / 1e6,
    unit: line.attemptKey ?? line.requestId,
  };
}

/** Several tokens, all in one chunk. */
export function cameInOnePiece({ streamed, firstTokenNs, lastTokenNs, usage }: Seen): boolean {
  return (
    streamed && firstTokenNs !== null && firstTokenNs === lastTokenNs && (usage?.completionTokens ?? 0) > 1
  );
}
