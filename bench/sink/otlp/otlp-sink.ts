import { z } from "zod";
import { headersSetting } from "../../config/header-schema.ts";
import { messageOf } from "../../errors.ts";
import { collectorOf, otlpProtocols, sendSpans } from "../../otlp/collector.ts";
import { runSpans } from "../../otlp/run-spans.ts";
import { sinkKind } from "../sink.ts";

/** A collector that answers gets as long as it takes to send a large run; one that does not is given up by `sendSpans`. */
const limits = { callMs: 300_000, drainMs: 300_000 };

/**
 * `{kind: otlp}`: the traces of the run's episodes, to an OTLP/HTTP receiver. They are read from the run directory and sent when the
 * run has ended, so that nothing of it happens while something is measured.
 */
export const otlpSink = sinkKind({
  kind: "otlp",
  schema: z.strictObject({
    kind: z
      .literal("otlp")
      .describe("A trace per episode (OpenTelemetry, GenAI conventions), sent when the run has ended"),
    endpoint: z
      .string()
      .optional()
      .describe(
        "Address of an OTLP/HTTP receiver; /v1/traces is added (default: OTEL_EXPORTER_OTLP_ENDPOINT, else http://127.0.0.1:4318)",
      ),
    protocol: z.enum(otlpProtocols).optional().describe("Form of the messages (default: http/protobuf)"),
    headers: headersSetting.describe("Of every request, e.g. a key as ${NAME}"),
  }),
  limits,
  open: async (settings, { runDirectory, environment }) => {
    const collector = collectorOf(settings, environment);
    const played = new Set<string>();
    return {
      async take(event, signal) {
        // A run that is gone on with has sent what it did before.
        if (event.type === "episode") played.add(event.episodeId);
        if (event.type !== "run-ended" || played.size === 0) return;
        try {
          let rejected = 0;
          for await (const { batch } of runSpans(runDirectory, ({ episodeId }) => played.has(episodeId)))
            rejected += (await sendSpans(collector, batch, { signal })).rejected;
          if (rejected > 0) throw new Error(`${collector.url} refused ${rejected} spans`);
        } catch (error) {
          throw new Error(
            `${messageOf(error)} Send them later: tollgate export ${runDirectory} --format otlp --endpoint ${collector.url}`,
            { cause: error },
          );
        }
      },
      close: async () => undefined,
    };
  },
});
