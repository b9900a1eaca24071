/** What the gateway is told. Secrets come in as values; only the program's entry knows where they are from. */
export interface GatewayOptions {
  /** Origin of the engine, with or without `/v1`. */
  readonly engineUrl: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly host?: string;
  readonly adminKey: string;
  /** Sent to the engine as bearer token; the clients' own keys never are. */
  readonly engineApiKey?: string;
  readonly level?: RecordingLevel;
  /** Folder of the model's tokenizer and chat template; L2 renders prompts with it. */
  readonly tokenizerDirectory?: string;
  readonly toolCallParser?: ToolCallParserName;
  readonly reasoningParser?: ReasoningParserName;
  /** Whether the gateway starts although the engine renders another prompt than it does itself. */
  readonly renderingCheck?: RenderingCheck;
  /** Every finished call is appended here, and a gateway that starts with an existing one goes on with its sessions. */
  readonly logFile?: string;
  readonly limits?: Partial<GatewayLimits>;
}

/**
 * What is recorded of a call. L0: text, usage, timings, passed through as it streams. L1: token ids and logprobs from the
 * engine's chat API, which gives them only without streaming, so the client's stream is made after the fact. L2: ids that
 * this gateway rendered and sent to `/generate`, streamed as they are generated.
 */
export const recordingLevels = ["L0", "L1", "L2"] as const;
export type RecordingLevel = (typeof recordingLevels)[number];

/** Whether a client sees tokens when they exist. `simulated`: all at once at the end, so that its TTFT means nothing. */
export const streamingOf = (level: RecordingLevel): "true" | "simulated" =>
  level === "L1" ? "simulated" : "true";

/** How a model writes tool calls, in SGLang's names. */
export const toolCallParsers = ["qwen25", "qwen3_coder"] as const;
export type ToolCallParserName = (typeof toolCallParsers)[number];
export const reasoningParsers = ["none", "qwen3"] as const;
export type ReasoningParserName = (typeof reasoningParsers)[number];

export const renderingChecks = ["strict", "warn"] as const;
export type RenderingCheck = (typeof renderingChecks)[number];

export interface GatewayLimits {
  /** Sessions that have not been exported with `remove_session`. */
  readonly sessionsMax: number;
  /** Bytes of one request body. */
  readonly bodyBytesMax: number;
  /** Characters of recorded text over all sessions. */
  readonly recordedCharsMax: number;
}

export const defaultLimits: GatewayLimits = {
  sessionsMax: 4_096,
  bodyBytesMax: 32 << 20,
  recordedCharsMax: 1 << 30,
};

/** The outside world, handed in. */
export interface GatewayIo {
  /** One line on stdout: the ready line. */
  readonly out: (line: string) => void;
  /** One line on stderr: what a person should know. */
  readonly err: (line: string) => void;
  readonly pid: number;
  /** Ends the gateway. */
  readonly signal: AbortSignal;
  /** Unpredictable bytes: session keys are made of them. */
  readonly randomBytes: (count: number) => Buffer;
  readonly randomUuid: () => string;
}
