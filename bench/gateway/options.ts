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
  readonly limits?: Partial<GatewayLimits>;
}

/** What is recorded of a call. L0: text, usage, timings, passed through as it streams. L1 and L2 add token ids. */
export const recordingLevels = ["L0"] as const;
export type RecordingLevel = (typeof recordingLevels)[number];

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
