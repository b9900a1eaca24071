import { closeSync, openSync } from "node:fs";
import { monotonicNs } from "../wire/forward.ts";

const lookMs = 200;

/**
 * Whether this process has run out of file descriptors. A program is not told of connections that it could not accept: libuv closes them,
 * and whoever has opened one blames the other side. So it looks by itself, now and then and when it is asked.
 */
export class Descriptors implements Disposable {
  readonly #timer: NodeJS.Timeout;
  #outAtNs = Number.NEGATIVE_INFINITY;

  constructor() {
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
  }

  /** What was out of descriptors since then, as an error says it; null when it has not been. @param ns of `monotonicNs` */
  problemSince(ns: number): string | null {
    this.#look();
    const wasOut = this.#outAtNs >= ns - lookMs * 1e6;
    return wasOut ? "EMFILE: the tap had no file descriptors left, and may have refused connections" : null;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    try {
      closeSync(openSync("/dev/null", "r"));
    } catch (thrown) {
      const code = thrown instanceof Error && "code" in thrown ? thrown.code : null;
      // What else is wrong with this file says nothing of descriptors, and is no reason to end.
      if (code === "EMFILE" || code === "ENFILE") this.#outAtNs = monotonicNs();
    }
  }
}
