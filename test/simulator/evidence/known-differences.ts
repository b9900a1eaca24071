import type { SglangVersion } from "../../../bench/config/simulator-schema.ts";

/** In what an answer of the simulator still differs from the recorded one, and why that may stay. */
export interface KnownDifference {
  /** Matches the text of the difference. */
  readonly says: RegExp;
  /** Names of questions; all of them where nothing is said. */
  readonly of?: RegExp;
  readonly only?: SglangVersion;
  readonly because: string;
}

export const knownDifferences: readonly KnownDifference[] = [
  { says: /^head x-tollgate-simulator /, because: "every answer says that it is a simulator's" },
  {
    says: /owned_by|has besides simulator|model_type|architectures/,
    of: /^(models|model_info|.*server_info.*)$/,
    because: "the lists of models and of settings say that this is a simulator, and what it was told",
  },
  {
    says: /(model|tokenizer)_path is/,
    of: /_info/,
    because: "there is no folder of a model; the path is the name that is served",
  },
  {
    says: /\.(port|random_seed|chunked_prefill_size) is/,
    of: /server_info/,
    because: "the recorded server was started with other values, on a processor instead of a GPU",
  },
  {
    says: /\.context_length is number, real null/,
    of: /server_info/,
    because: "the flag is given here and was not there",
  },
  {
    says: /max_total_num_tokens|token_capacity|max_running_requests|num_pages=/,
    of: /server_info|loads|metrics/,
    because: "memory is 1,048,576 tokens and 16 requests run at once, there 120,000 and 2048",
  },
  {
    says: /^(\.internal_states\[\])? lacks tokenizer_mode /,
    of: /server_info/,
    because: "settings that nothing here depends on are not told",
  },
  {
    says: /memory_usage|memory\.\w+_gb/,
    of: /server_info|loads/,
    because: "there are no weights and no memory of a GPU",
  },
  {
    says: /^ lacks embedding$/,
    of: /model_info/,
    only: "0.5.23",
    because: "nothing here embeds texts",
  },
  {
    says: /http_re\w+(\{.*endpoint=\/(health|model_info|generate|freeze_gc),| is absent$)/,
    of: /metrics/,
    because: "the original asks itself while it starts; the simulator warms up without HTTP",
  },
  {
    says: /total_prefill_uncached_tokens is/,
    of: /loads/,
    only: "0.5.23",
    because: "what was computed depends on what the model said before, and probes are counted here",
  },
  {
    says: /(avg|gen|last_gen)_throughput is/,
    of: /loads|server_info/,
    because: "the simulator decodes faster",
  },
  {
    says: /^\.message is "\d+ validation errors?:/,
    because:
      "pydantic words what it refuses, with the input and a file of the server; only the layout is imitated",
  },
  {
    says: /^\.message is "Tool 0 function has invalid 'parameters' schema: /,
    of: /err-tool-params/,
    because: "after the same first line jsonschema prints its meta schema",
  },
  { says: /^status 400, real 200$/, of: /chat-n2/, because: "n must be 1" },
  {
    says: /usage\.(total|completion)_tokens|weight_versions\[\]\.end/,
    of: /chat-(stop|history)$/,
    because: "the stop string and the end token come where this model says them",
  },
  {
    says: /finish_reason|matched_stop|cached_tokens/,
    of: /chat-history$/,
    only: "0.5.23",
    because: "that model ended by itself, and had not said the call of the history before",
  },
];
