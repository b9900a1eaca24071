import type { RecordingOptions } from "./calls/chat-recorder.ts";
import type { Randomness, SessionLimits } from "./sessions/session-store.ts";

/** What the gateway is told. Secrets come in as values; only the program's entry knows where they are from. */
export interface GatewayOptions extends RecordingOptions {
  /** Origin of the engine, with or without `/v1`. */
  readonly engineUrl: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly host?: string;
  readonly adminKey: string;
  /** Sent to the engine as bearer token; the clients' own keys never are. */
  readonly engineApiKey?: string;
  /** Every finished call is appended here, and a gateway that starts with an existing one goes on with its sessions. */
  readonly logFile?: string;
  readonly limits?: Partial<GatewayLimits>;
}

export interface GatewayLimits extends SessionLimits {
  /** Bytes of one request body. */
  readonly bodyBytesMax: number;
}

export const defaultRecording: RecordingOptions = {
  level: "L0",
  toolCallParser: "qwen25",
  reasoningParser: "none",
  renderingCheck: "strict",
};

export const defaultLimits: GatewayLimits = {
  sessionsMax: 4_096,
  bodyBytesMax: 32 << 20,
  recordedCharsMax: 1 << 30,
};

/** The outside world, handed in. */
export interface GatewayIo extends Randomness {
  /** One line on stdout: the ready line. */
  readonly out: (line: string) => void;
  /** One line on stderr: what a person should know. */
  readonly err: (line: string) => void;
  readonly pid: number;
  /** Ends the gateway. */
  readonly signal: AbortSignal;
}
