import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from "node:worker_threads";
import { z } from "zod";
import { TollgateError } from "../../../../bench/errors.ts";
import { sendSignal } from "../../../../bench/host/signals.ts";
import { ownModule } from "../../../../bench/own-files.ts";
import { PythonError } from "../../python/error.ts";
import { childPid, replied, type BridgeReply, type BridgeThreadData } from "./bridge-cells.ts";
import type { PythonChild } from "./python-child.ts";

/** The Python child is gone or silent, and the environments in it are lost. */
export class PythonBridgeError extends TollgateError {
  readonly code = "TOLLGATE_PYTHON_BRIDGE";
}

/** What the child answers: a value, or the exception that tau2's code raised. */
export const childReplySchema = z.union([
  z.object({ value: z.unknown() }).strict(),
  z.object({ raised: z.object({ type: z.string(), message: z.string() }) }),
]);

/**
 * Below the silence after which the tool server takes a worker for stuck, so that a slow child is named as the reason
 * before the thread that waits for it is ended.
 */
const REPLY_TIMEOUT_MS = 20_000;

/**
 * A Python child that answers one request at a time, synchronously: tool calls are synchronous for every other domain,
 * and the pipes of Node's child processes are not. So a helper thread owns the child, and this thread sleeps until the
 * helper has put the reply into a port. One bridge belongs to one loaded domain, thus to one tool worker.
 */
export class PythonBridge {
  readonly #thread: Worker;
  readonly #port: MessagePort;
  readonly #shared = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  readonly #timeoutMs: number;
  #lost: string | null = null;

  constructor(child: PythonChild, timeoutMs = REPLY_TIMEOUT_MS) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#timeoutMs = timeoutMs;
    const data: BridgeThreadData = { child, port: port2, shared: this.#shared };
    this.#thread = new Worker(ownModule(new URL("./bridge-thread.ts", import.meta.url)), {
      workerData: data,
      transferList: [port2],
      // Flags of the main program, such as --eval, are not for a thread that runs a file.
      execArgv: [],
    });
    this.#thread.on("error", (error) => (this.#lost ??= error.message));
    // Nothing waits for these but a request, and that one sleeps.
    this.#thread.unref();
    port1.unref();
  }

  /** False when the child was lost; then another bridge is needed. */
  get usable(): boolean {
    return this.#lost === null;
  }

  /**
   * @throws {PythonError} what tau2's code raised.
   * @throws {PythonBridgeError} when the child ended or did not answer in time.
   */
  request(op: string, parameters: Readonly<Record<string, unknown>>): unknown {
    if (this.#lost !== null) throw lostError(op, this.#lost);
    Atomics.store(this.#shared, replied, 0);
    this.#port.postMessage(JSON.stringify({ op, ...parameters }), []);
    const reply = this.#await();
    if ("lost" in reply) {
      this.#lost = reply.lost;
      this.#endChild();
      void this.#thread.terminate();
      throw lostError(op, reply.lost);
    }
    const parsed = childReplySchema.parse(JSON.parse(reply.line));
    if ("raised" in parsed) throw new PythonError(parsed.raised.type, parsed.raised.message);
    return parsed.value;
  }

  /** Drops an environment of the child. A child that is lost meanwhile has dropped it, and the next request says so. */
  forget(environment: number): void {
    try {
      if (this.usable) this.request("drop", { env: environment });
    } catch (error) {
      if (!(error instanceof PythonBridgeError)) throw error;
    }
  }

  /** The end of its standard input ends a child that reads; one that is busy would go on. */
  #endChild(): void {
    const pid = Atomics.load(this.#shared, childPid);
    if (pid > 0) sendSignal(-pid, "SIGKILL");
  }

  #await(): BridgeReply {
    const outcome = Atomics.wait(this.#shared, replied, 0, this.#timeoutMs);
    if (outcome === "timed-out") return { lost: `it did not answer within ${this.#timeoutMs} ms` };
    const received = receiveMessageOnPort(this.#port);
    return (received?.message as BridgeReply | undefined) ?? { lost: "its thread sent nothing" };
  }
}

function lostError(op: string, how: string): PythonBridgeError {
  return new PythonBridgeError(
    `The Python process of banking_knowledge was lost at ${op}: ${how}. Its environments are gone with it.`,
  );
}
