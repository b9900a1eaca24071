import { join, resolve } from "node:path";
import { ConfigError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { prepareFolder } from "../export/folder.ts";
import { WholeFileWriter } from "../export/line-writer.ts";
import { refusal, type RowSelection } from "../export/rows/row-selection.ts";
import { collectorOf, sendSpans, type Collector, type OtlpProtocol } from "../otlp/collector.ts";
import { otlpJson } from "../otlp/otlp-json.ts";
import { runSpans } from "../otlp/run-spans.ts";
import type { EpisodeRecord } from "../store/record.ts";
import type { Host } from "./host.ts";
import { writingTo } from "./write-result.ts";

interface SpanFlags {
  readonly out?: string;
  readonly endpoint?: string;
  readonly protocol?: OtlpProtocol;
}

const fileName = "traces.otlp.jsonl";

/** The traces of a run's episodes into a file, to a receiver, or both. */
export async function exportSpans(
  { directory, selection }: { readonly directory: string; readonly selection: RowSelection },
  flags: SpanFlags,
  host: Host,
): Promise<void> {
  const collector = receiverOf(flags, host);
  if (collector === null && flags.out === undefined)
    throw new ConfigError(
      "--format otlp needs --endpoint URL to send traces, or -o FOLDER to write them, or both.",
    );
  const counts = { episodes: 0, spans: 0, sent: 0, rejected: 0 };
  const reasons = new Set<string>();
  const send = async (write: (line: string) => Promise<void>) => {
    const wanted = (episode: EpisodeRecord) => refusal(selection, { arm: episode.arm, episode }) === null;
    for await (const { batch, episodes } of runSpans(directory, wanted)) {
      await write(otlpJson(batch));
      counts.episodes += episodes;
      counts.spans += batch.spans.length;
      if (collector === null) continue;
      const sent = await sendSpans(collector, batch, { signal: new AbortController().signal });
      counts.sent += batch.spans.length - sent.rejected;
      counts.rejected += sent.rejected;
      if (sent.reason) reasons.add(sent.reason);
    }
  };
  if (flags.out === undefined) await send(() => Promise.resolve());
  else await intoFile(resolve(host.workingDirectory, flags.out), send);
  const { sent, rejected, ...rest } = counts;
  const receiver = collector === null ? {} : { sent, rejected, receiver: collector.url };
  host.print(JSON.stringify({ ...rest, ...receiver, ...(flags.out && { file: fileName }) }, null, 2));
  if (rejected === 0) return;
  const why = reasons.size === 0 ? "" : `: ${[...reasons].join("; ")}`;
  host.tell(`${collector?.url ?? ""} refused ${rejected} of ${counts.spans} spans${why}`);
  host.setExitCode(exitCodes.resultInvalid);
}

function receiverOf({ out, ...flags }: SpanFlags, { environment }: Host): Collector | null {
  const named = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"].some(
    (name) => environment[name],
  );
  const meant = flags.endpoint !== undefined || (out === undefined && named);
  return meant ? collectorOf(flags, environment) : null;
}

async function intoFile(
  out: string,
  send: (write: (line: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  await writingTo(out, async () => {
    await prepareFolder(out);
    const file = new WholeFileWriter(join(out, fileName));
    await send((line) => file.write(line));
    await file.close();
  });
}
