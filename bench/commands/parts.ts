import { jsonlSink } from "../sink/jsonl/jsonl-sink.ts";
import type { SinkKind } from "../sink/sink.ts";

/** What a user can name in an experiment file. Another kind is a folder of its own and a line here. */
export const sinkKinds: readonly SinkKind[] = [jsonlSink];
