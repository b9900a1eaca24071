import { sendSpans, type Collector } from "../otlp/collector.ts";
import { runSpans } from "../otlp/run-spans.ts";
import type { SpanBatch, TraceSpan } from "../otlp/span.ts";
import type { MlflowTarget } from "./client/target.ts";

export interface TracePlace {
  readonly target: MlflowTarget;
  readonly experimentId: string;
  /** MLflow's; the traces stand on its page. */
  readonly runId: string;
}

/**
 * A trace per episode, in MLflow 3: the trials of a task are one session there. Ids are made of what a span is, so that one that is sent
 * again takes the place of itself. Throws CollectorError.
 */
export async function sendTraces(
  directory: string,
  { target, experimentId, runId }: TracePlace,
  signal: AbortSignal,
): Promise<number> {
  const collector: Collector = {
    url: `${target.url}/v1/traces`,
    protocol: "http/protobuf",
    headers: {
      "x-mlflow-experiment-id": experimentId,
      "x-mlflow-run-id": runId,
      ...(target.authorization !== null && { authorization: target.authorization }),
    },
  };
  let traces = 0;
  for await (const { batch, episodes } of runSpans(directory)) {
    await sendSpans(collector, inSessions(batch), { signal, answerMs });
    traces += episodes;
  }
  return traces;
}

/** A server writes some hundred spans in one transaction, on a busy machine for seconds. */
const answerMs = 60_000;

function inSessions(batch: SpanBatch): SpanBatch {
  return { ...batch, spans: batch.spans.map(inSession) };
}

function inSession(span: TraceSpan): TraceSpan {
  const { "tollgate.domain": domain, "tollgate.task.id": task } = span.attributes;
  if (span.parentSpanId !== null || typeof task !== "string") return span;
  const session = typeof domain === "string" ? `${domain}/${task}` : task;
  return { ...span, attributes: { ...span.attributes, "session.id": session } };
}
