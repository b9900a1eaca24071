import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort } from "../../bench/host/free-port.ts";
import { lastLine, unchecked, Workplace } from "../e2e/small-experiment.ts";
import { expectExit, pause, TemporaryFolder, tollgate } from "../e2e/tollgate-process.ts";
import { startReceiver, type ReceivedSpan } from "./otlp-receiver.ts";

/** A collector that stands somewhere already, with an otlp receiver and an otlp_http exporter; else it is built from Go's proxy. */
const given = process.env["TOLLGATE_OTELCOL"];
const go = spawnSync("go", ["version"]).status === 0;

function builtIn(folder: string): string {
  const source = join(folder, "collector");
  cpSync(join(import.meta.dirname, "collector"), source, { recursive: true });
  const built = spawnSync("go", ["build", "-o", "collector", "."], { cwd: source, encoding: "utf8" });
  expect([
    built.status,
    built.stderr.split("\n").filter((line) => !line.startsWith("go: downloading")),
  ]).toEqual([0, [""]]);
  return join(source, "collector");
}

interface WholeSpan extends ReceivedSpan {
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly events?: readonly { readonly timeUnixNano: string; readonly name: string }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

/** What a span says, whatever a sender writes for what is empty. */
const plain = (span: ReceivedSpan) => {
  const { events = [], parentSpanId = "", status, ...whole } = span as WholeSpan;
  return {
    traceId: whole.traceId,
    spanId: whole.spanId,
    parentSpanId,
    name: whole.name,
    kind: whole.kind,
    start: whole.startTimeUnixNano,
    end: whole.endTimeUnixNano,
    attributes: new Map(whole.attributes.map(({ key, value }) => [key, JSON.stringify(value)])),
    events: events.map(({ name, timeUnixNano }) => [name, timeUnixNano]),
    status: [status.code ?? 0, status.message ?? ""],
  };
};
const byId = (spans: readonly ReceivedSpan[]) =>
  spans.map(plain).sort((a, b) => (a.spanId < b.spanId ? -1 : 1));

test.skipIf(given === undefined && !go)(
  "an OpenTelemetry collector takes a run's traces, in both forms, and passes on what was sent: parents, children, stamps",
  async () => {
    using folder = new TemporaryFolder();
    await using receiver = await startReceiver();
    const port = await freePort();
    const config = join(folder.path, "config.yaml");
    writeFileSync(
      config,
      `receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:${port}" } } } }
exporters: { otlp_http: { endpoint: "${receiver.url}", encoding: json, compression: none, sending_queue: { enabled: false } } }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { traces: { receivers: [otlp], exporters: [otlp_http] } }
`,
    );
    const collector = spawn(given ?? builtIn(folder.path), ["--config", config], {
      stdio: ["ignore", "inherit", "pipe"],
    });
    const ended = once(collector, "exit");
    let said = "";
    collector.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    try {
      while (!said.includes("Everything is ready")) {
        expect([collector.exitCode, said.slice(0, 4000)]).toEqual([null, said.slice(0, 4000)]);
        await pause(100);
      }
      const endpoint = `http://127.0.0.1:${port}`;
      using place = new Workplace({ sinks: [{ kind: "otlp", endpoint }] });
      const swept = await place.sweep(...unchecked);
      expectExit(swept, 0);
      const bySink = receiver.received.flatMap(({ spans }) => spans);
      const out = join(folder.path, "traces");
      const args = ["export", lastLine(swept), "--format", "otlp", "-o", out];
      expectExit(await tollgate([...args, "--endpoint", endpoint, "--protocol", "http/json"]), 0);
      const byExport = receiver.received.flatMap(({ spans }) => spans).slice(bySink.length);
      const written = readFileSync(join(out, "traces.otlp.jsonl"), "utf8")
        .trimEnd()
        .split("\n")
        .flatMap((line) => {
          const request = JSON.parse(line) as {
            resourceSpans: { scopeSpans: { spans: ReceivedSpan[] }[] }[];
          };
          return request.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
        });
      expect(written.length).toBeGreaterThan(20);
      expect(written.filter(({ parentSpanId }) => parentSpanId === undefined)).toHaveLength(4);
      expect(byId(bySink)).toEqual(byId(written));
      expect(byId(byExport)).toEqual(byId(written));
    } finally {
      collector.kill();
      await ended;
    }
  },
);
