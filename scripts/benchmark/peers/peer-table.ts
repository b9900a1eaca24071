import Table from "cli-table3";
import { circumstanceLines, type Circumstances } from "../machine.ts";
import { shortText } from "../measurement.ts";
import { arrivalLoads, latencyPace, type PeerFailure, type PeerFigures } from "./compare-peers.ts";
import { concurrency, type MissingPeer } from "./peer.ts";

interface PeerReport extends Circumstances {
  readonly figures: readonly PeerFigures[];
  readonly failures: readonly PeerFailure[];
  readonly missing: readonly MissingPeer[];
}

/** One table, and what is needed to doubt it. */
export function peerText(report: PeerReport): string {
  const table = new Table({
    head: [
      "generator",
      "JSON/s",
      "SSE/s",
      "CPU us\nper SSE",
      `gap CV,\nconst ${arrivalLoads.constant.perSecond}/s`,
      `gap CV,\nPoisson`,
      `IDC,\nPoisson ${arrivalLoads.poisson.perSecond}/s`,
      "lateness ms\np50 / p99",
      "TTFT bias\nms",
    ],
    colAligns: ["left", "right", "right", "right", "right", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  table.push(...report.figures.map(row));
  return [
    ...circumstanceLines(report),
    table.toString(),
    `Rates, gap CV and IDC by the server's log. ${concurrency} connections; a stream is 8 tokens in one write. CPU is that of one more request, start excluded.`,
    `TTFT bias: mean that the tool prints - mean at the server, ${concurrency} streams, first token after ${latencyPace.firstMs} ms, then every ${latencyPace.gapMs} ms. "-": the tool does not do or say that.`,
    ...goalLines(report.figures),
    ...report.missing.map(({ name, why }) => `${name}: not run, ${why}`),
    ...report.failures.map(({ name, why }) => `${name}: FAILED, ${why}`),
    ...(report.warning === null ? [] : [report.warning]),
  ].join("\n");
}

function row({ peer, json, sse, constant, poisson, ttftBiasMs }: PeerFigures): string[] {
  const { latenessP50Ms = null, latenessP99Ms = null } = constant?.claims ?? {};
  return [
    `${peer.name}\n${peer.version}`,
    text(json?.perSecond),
    text(sse?.perSecond),
    text(sse?.cpuMicroseconds),
    text(constant?.gapCv),
    text(poisson?.gapCv),
    text(poisson?.idc),
    latenessP50Ms === null ? "-" : `${text(latenessP50Ms)} / ${text(latenessP99Ms)}`,
    text(ttftBiasMs),
  ];
}

/** What Tollgate set itself, held against this run. */
function goalLines(figures: readonly PeerFigures[]): string[] {
  const own = figures.find(({ peer }) => peer.name === "Tollgate");
  if (own === undefined) return [];
  const npm = figures.find(({ peer }) => peer.name === "autocannon");
  const rate = (kind: "json" | "sse", goal: number) => {
    const [ours, theirs] = [own[kind]?.perSecond ?? 0, npm?.[kind]?.perSecond];
    const share = theirs === undefined ? null : ours / theirs;
    const met = ours >= goal || (share !== null && share >= 0.9);
    const beside =
      share === null ? "no npm client in this run" : `${(share * 100).toFixed(0)} % of autocannon`;
    return `${kind.toUpperCase()} ${text(ours)}/s: ${met ? "meets" : "MISSES"} the goal of ${goal}/s or 90 % of the npm client (${beside})`;
  };
  const cpu = figures.flatMap(({ peer, sse }) => {
    if (!peer.python || sse === null || own.sse === null) return [];
    const times = sse.cpuMicroseconds / own.sse.cpuMicroseconds;
    return [
      `${peer.name} takes ${times.toFixed(1)} times our CPU per stream: ${times >= 5 ? "meets" : "MISSES"} the goal of 5`,
    ];
  });
  return [rate("json", 20_000), rate("sse", 10_000), ...cpu];
}

function text(value: number | null | undefined): string {
  return value == null ? "-" : shortText(value);
}
