import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { performance } from "node:perf_hooks";
// Its index also loads OpenTelemetry and metrics of the process, which take 20 MB and are used nowhere.
import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import Histogram from "prom-client/lib/histogram.js";
import Registry from "prom-client/lib/registry.js";
import { messageOf, StartError } from "../errors.ts";

/** An import of `node:http` reads all that it exports, and with it Node's own WebSocket and fetch: 18 MB. */
const { createServer } = process.getBuiltinModule("node:http");

export interface DriverMetricsOptions {
  readonly runId: string;
  readonly plannedEpisodes: number;
  readonly plannedCells: number;
  /** 0 picks a free port. Only loopback is served. */
  readonly port: number;
}

interface EndedEpisode {
  readonly status: string;
  readonly arm: string;
  readonly startedNs: number;
  readonly endedNs: number;
}

interface RequestTimes {
  readonly ttftMs: number | null;
  readonly itlMs: number | null;
  readonly e2eMs: number;
}

/** What the driver reports about itself while it runs. A call costs a few look-ups in maps. */
export interface DriverMetrics extends AsyncDisposable {
  /** Address of the Prometheus page. */
  readonly url: string;
  /** Cells that were decided on while the run goes on. */
  cellsPlanned(cells: number, episodes: number): void;
  episodeStarted(): void;
  /** null: the attempt was cancelled. */
  episodeEnded(episode: EndedEpisode | null): void;
  /** How long an attempt's answered requests took at the outer tap; null is not observed. */
  requestsSeen(arm: string, latencies: readonly RequestTimes[]): void;
  cellStarted(cell: { readonly cellId: string; readonly arm: string; readonly load: string }): void;
  cellEnded(): void;
}

/** Serves the driver's own metrics until disposed. Throws StartError when the port is taken. */
export async function serveDriverMetrics(options: DriverMetricsOptions): Promise<DriverMetrics> {
  const registry = new Registry();
  registry.setDefaultLabels({ run: options.runId });
  const instruments = createInstruments(registry);
  instruments.episodesPlanned.set(options.plannedEpisodes);
  instruments.cellsPlanned.set(options.plannedCells);
  const server = createServer((request, response) => void answer(registry, { request, response }));
  const url = await listen(server, options.port);
  return {
    url,
    cellsPlanned: (cells, episodes) => {
      instruments.cellsPlanned.inc(cells);
      instruments.episodesPlanned.inc(episodes);
    },
    episodeStarted: () => instruments.inFlight.inc(),
    episodeEnded: (episode) => {
      instruments.inFlight.dec();
      instruments.episodes.inc({ status: episode?.status ?? "cancelled", arm: episode?.arm ?? "none" });
      if (episode === null) return;
      const { status, arm, startedNs, endedNs } = episode;
      instruments.latencies.episode.observe({ status, arm }, (endedNs - startedNs) / 1e9);
    },
    requestsSeen: (arm, latencies) => {
      const { ttft, itl, e2e } = instruments.latencies;
      for (const { ttftMs, itlMs, e2eMs } of latencies) {
        if (ttftMs !== null) ttft.observe({ arm }, ttftMs / 1000);
        if (itlMs !== null) itl.observe({ arm }, itlMs / 1000);
        e2e.observe({ arm }, e2eMs / 1000);
      }
    },
    cellStarted: ({ cellId, arm, load }) => {
      instruments.currentCell.reset();
      instruments.currentCell.set({ cell: cellId, arm, load }, 1);
    },
    cellEnded: () => {
      instruments.currentCell.reset();
      instruments.cellsDone.inc();
    },
    [Symbol.asyncDispose]: () => close(server),
  };
}

function createInstruments(registry: Registry) {
  const registers = [registry];
  const lastUtilization = { reading: performance.eventLoopUtilization() };
  const resident: Gauge = new Gauge({
    name: "tollgate_driver_resident_memory_bytes",
    help: "Resident memory of the driver process",
    registers,
    collect: () => {
      resident.set(process.memoryUsage.rss());
    },
  });
  const utilization: Gauge = new Gauge({
    name: "tollgate_driver_event_loop_utilization",
    help: "Share of time the driver's event loop was busy since the last scrape, 0..1",
    registers,
    collect: () => {
      const reading = performance.eventLoopUtilization();
      utilization.set(performance.eventLoopUtilization(reading, lastUtilization.reading).utilization);
      lastUtilization.reading = reading;
    },
  });
  return {
    episodes: new Counter({
      name: "tollgate_episodes_total",
      help: "Episodes that ended, by status and arm",
      labelNames: ["status", "arm"],
      registers,
    }),
    inFlight: new Gauge({ name: "tollgate_episodes_in_flight", help: "Episodes running now", registers }),
    episodesPlanned: new Gauge({
      name: "tollgate_episodes_planned",
      help: "Episodes of the whole run",
      registers,
    }),
    cellsDone: new Counter({ name: "tollgate_cells_done_total", help: "Cells that ended", registers }),
    cellsPlanned: new Gauge({ name: "tollgate_cells_planned", help: "Cells of the whole run", registers }),
    currentCell: new Gauge({
      name: "tollgate_current_cell",
      help: "1 for the cell that runs now",
      labelNames: ["cell", "arm", "load"],
      registers,
    }),
    latencies: createHistograms(registry),
  };
}

/** Upper bounds, seconds: an inter-token time of a fast engine to an episode of a slow one, 2 to 2.5 times each. */
const bounds = {
  token: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5],
  request: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120],
  episode: [0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 240, 600, 1200, 3600],
} as const;

/** What requests and episodes took, for dashboards; reports read stamps. */
function createHistograms(registry: Registry) {
  const histogram = (name: string, help: string, of: { labelNames: string[]; buckets: readonly number[] }) =>
    new Histogram({ name, help, labelNames: of.labelNames, buckets: [...of.buckets], registers: [registry] });
  const arm = ["arm"];
  return {
    ttft: histogram(
      "tollgate_request_ttft_seconds",
      "Time to first token at the outer tap, streamed answers",
      {
        labelNames: arm,
        buckets: bounds.request,
      },
    ),
    itl: histogram(
      "tollgate_request_itl_seconds",
      "Mean time between tokens of an answer, at the outer tap",
      {
        labelNames: arm,
        buckets: bounds.token,
      },
    ),
    e2e: histogram("tollgate_request_e2e_seconds", "Whole answered request at the outer tap", {
      labelNames: arm,
      buckets: bounds.request,
    }),
    episode: histogram("tollgate_episode_duration_seconds", "Length of finished episodes", {
      labelNames: [...arm, "status"],
      buckets: bounds.episode,
    }),
  };
}

async function answer(
  registry: Registry,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): Promise<void> {
  if (request.url !== "/metrics" || request.method !== "GET") {
    response.writeHead(404).end("GET /metrics\n");
    return;
  }
  try {
    const page = await registry.metrics();
    response.writeHead(200, { "content-type": registry.contentType }).end(page);
  } catch (error) {
    response.writeHead(500).end(`${messageOf(error)}\n`);
  }
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(
        new StartError(
          "driver metrics",
          `cannot serve the driver's metrics on port ${port}: ${error.message}`,
          {
            cause: error,
          },
        ),
      ),
    );
    server.listen(port, "127.0.0.1", resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
