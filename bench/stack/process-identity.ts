import { createHash } from "node:crypto";
import { z } from "zod";
import { systemClock } from "../measure/clock.ts";
import type { Sample } from "../metrics/exposition.ts";
import { scrape, ScrapeError, type Snapshot } from "../metrics/snapshot.ts";
import { metricsAccess } from "./metrics-access.ts";
import type { Asking, PageFields } from "./server-pages.ts";

/** Which process answers, as far as it tells. Two arms may be compared only when this is equal for both. */
export interface ProcessIdentity {
  readonly pid: number | null;
  /** Changes with every start of the process; null where the server does not tell. */
  readonly startId: string | null;
  /** sha256 over the server's own description, keys redacted; null where it has none. */
  readonly infoSha256: string | null;
  /** Only for servers that Tollgate keeps in containers. */
  readonly container?: ContainerIdentity;
}

export interface ContainerIdentity {
  readonly id: string;
  /** As it was named when the container was made. */
  readonly image: string;
  /** `sha256:…` of the image's configuration. */
  readonly imageId: string;
  /** `repo@sha256:…` of the registry; null for an image that was built here. */
  readonly digest: string | null;
  /** True when it was warm already (`tollgate up`). */
  readonly adopted: boolean;
}

const statedSchema = z.object({
  pid: z.number().nullish().catch(null),
  start_id: z.string().nullish().catch(null),
});

/** From `/server_info`, and where that names no process, as no real engine's does, from the metrics page. */
export function readProcessIdentity(serverInfo: PageFields | null, page: Snapshot | null): ProcessIdentity {
  const stated = statedSchema.safeParse(serverInfo).data;
  const [pid, startId] = [stated?.pid ?? null, stated?.start_id ?? null];
  const named = pid !== null || startId !== null || page === null ? { pid, startId } : processOfPage(page);
  return { ...named, infoSha256: serverInfo === null ? null : hashOf(serverInfo) };
}

/** Whether {@link readProcessIdentity} has to look at the metrics page. */
export function namesProcess(serverInfo: PageFields | null): boolean {
  const stated = statedSchema.safeParse(serverInfo).data;
  return stated?.pid != null || stated?.start_id != null;
}

/**
 * SGLang's scheduler labels some of its gauges with its pid, Python servers of one process state when they started, and llama.cpp does
 * in a header. Names and values come from the page that the counters are read from: it is about the process that counts.
 */
function processOfPage({
  exposition: { samples },
  processStart,
}: Snapshot): Pick<ProcessIdentity, "pid" | "startId"> {
  const pids = new Set(samples.filter(isSchedulers).flatMap(({ labels }) => labels.get("pid") ?? []));
  const starts = new Set(
    samples.flatMap(({ name, labels, value }) =>
      name === "process_start_time_seconds" && labels.size === 0 && Number.isFinite(value) ? [value] : [],
    ),
  );
  const [start] = starts;
  const ranks = [...pids].toSorted();
  const [only] = ranks;
  return {
    pid: only !== undefined && ranks.length === 1 && /^\d+$/.test(only) ? Number(only) : null,
    startId:
      processStart ??
      (starts.size === 1 && start !== undefined ? String(start) : null) ??
      (ranks.length > 1 ? `pids ${ranks.join(", ")}` : null),
  };
}

/** Ranks are the scheduler's; workers of the API are renewed while the process that counts lives on. */
function isSchedulers({ name, labels }: Sample): boolean {
  return name.startsWith("sglang:") && labels.has("tp_rank");
}

/** Keys that change while a server runs or that are secrets do not identify it. */
function hashOf(info: PageFields): string {
  const redacted = JSON.stringify(info, (key, value: unknown) =>
    /api_key|internal_states|load|uptime|time/i.test(key) ? undefined : value,
  );
  return createHash("sha256").update(redacted).digest("hex");
}

/** null where there is no readable page; what is wrong with it, the check `metrics` says. */
export async function optionalMetrics(
  server: { readonly url: string; readonly metricsUrl: string },
  { apiKey, signal }: Asking,
): Promise<Snapshot | null> {
  try {
    const access = metricsAccess({ ...server, apiKey });
    return await scrape(server.metricsUrl, { ...access, clock: systemClock, timeoutMs: 10_000, signal });
  } catch (error) {
    if (error instanceof ScrapeError) return null;
    throw error;
  }
}

/** A start time is computed from the age of the machine and its clock, which is adjusted by up to about this. */
const clockJitterS = 2;

export function isSameProcess(a: ProcessIdentity, b: ProcessIdentity): boolean {
  if (a.pid !== b.pid) return false;
  if (a.startId === b.startId) return true;
  if (a.startId === null || b.startId === null) return false;
  // Ids that are no numbers are near to nothing.
  return Math.abs(Number(a.startId) - Number(b.startId)) <= clockJitterS;
}

/** `pid 14295, start 1795869774.63`; null where nothing names the process. */
export function processText({ pid, startId }: ProcessIdentity): string | null {
  const start = startId === null || startId.startsWith("pids") ? startId : `start ${startId}`;
  const parts = [...(pid === null ? [] : [`pid ${pid}`]), ...(start === null ? [] : [start])];
  return parts.length === 0 ? null : parts.join(", ");
}
