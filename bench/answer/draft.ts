import { CallDeltas } from "./call-deltas.ts";
import { UsageReports } from "./usage.ts";

/** What has been read of an answer so far. */
export class Draft {
  text = "";
  reasoning = "";
  readonly calls = new CallDeltas();
  readonly usage = new UsageReports();
  responseId: string | null = null;
  /** Names of the model and of the server's build. */
  model: string | null = null;
  fingerprint: string | null = null;
  begun = false;
  /** The server said that nothing more comes. */
  done = false;
  finish: string | null = null;
  error: string | null = null;
  /** Index of the choice that is followed: of several the one that comes first, because more are never asked for. */
  choice: unknown = null;
  /** The event at hand carries text, reasoning or a part of a call. */
  carriesTokens = false;
  /** What is the first thing in the event at hand that cannot be read. */
  odd: string | null = null;
  /** Whether a frame of `/generate` repeats the text so far; null until the second one shows it. */
  framesRepeat: boolean | null = null;

  /** Something was said. */
  get says(): boolean {
    return this.text !== "" || this.reasoning !== "" || this.calls.read(null).calls.length > 0;
  }
}
