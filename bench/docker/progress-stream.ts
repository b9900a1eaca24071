import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { z } from "zod";

/** One line of what the daemon tells while it pulls, builds or imports. */
const lineSchema = z.object({
  id: z.string().optional(),
  status: z.string().optional(),
  stream: z.string().optional(),
  error: z.string().optional(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).optional(),
  aux: z.object({ ID: z.string().optional() }).optional(),
});
export type ProgressLine = z.infer<typeof lineSchema>;

/** Reads the daemon's lines until it ends; resolves with the error it told, or null. The HTTP status is 200 in both cases. */
export async function readProgress(
  body: Readable,
  onLine: (line: ProgressLine) => void,
): Promise<string | null> {
  let error: string | null = null;
  for await (const text of createInterface({ input: body })) {
    const parsed = lineSchema.safeParse(parseJson(text));
    if (!parsed.success) continue;
    error = parsed.data.error ?? error;
    onLine(parsed.data);
  }
  return error;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export interface LayerProgress {
  readonly downloadedBytes: number;
  /** Of the layers whose size is known so far; it grows while the daemon meets more. */
  readonly totalBytes: number;
  readonly layers: number;
  readonly layersDone: number;
}

/** Adds up the layers of a pull. */
export class PullProgress {
  readonly #layers = new Map<string, { current: number; total: number; done: boolean }>();

  note(line: ProgressLine): void {
    if (line.id === undefined || line.status === undefined || line.status.startsWith("Pulling from")) return;
    const before = this.#layers.get(line.id) ?? { current: 0, total: 0, done: false };
    const downloading = line.status === "Downloading";
    const done = before.done || /^(Pull complete|Already exists|Download complete)/.test(line.status);
    const total = downloading ? (line.progressDetail?.total ?? before.total) : before.total;
    const current = done ? total : downloading ? (line.progressDetail?.current ?? 0) : before.current;
    this.#layers.set(line.id, { current, total, done });
  }

  get sum(): LayerProgress {
    const layers = [...this.#layers.values()];
    return {
      downloadedBytes: layers.reduce((sum, { current }) => sum + current, 0),
      totalBytes: layers.reduce((sum, { total }) => sum + total, 0),
      layers: layers.length,
      layersDone: layers.filter(({ done }) => done).length,
    };
  }
}
