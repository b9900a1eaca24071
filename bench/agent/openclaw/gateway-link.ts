import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, StartError } from "../../errors.ts";
import type { DeviceIdentity } from "./device-identity.ts";
import {
  GatewayClient,
  GatewayConnectionLost,
  type GatewayEvent,
  GatewayRefusal,
} from "./websocket-client.ts";

export interface LinkOptions {
  /** `ws://` or `wss://`. */
  readonly url: string;
  readonly token: string;
  /** Where the token came from, for messages. */
  readonly tokenEnv: string;
  readonly device: DeviceIdentity;
  /** How long to wait for a gateway that is not there yet, at the start and when a connection was lost. */
  readonly connectTimeoutMs: number;
  /** What a user sets for a longer wait. */
  readonly timeoutSetting: string;
  readonly signal: AbortSignal;
  /** What can be written into the gateway's configuration by hand, for messages. */
  readonly byHand: string;
  /** After each connection, before anybody uses it. */
  readonly connected: (client: GatewayClient) => Promise<void>;
  readonly onEvent: (event: GatewayEvent) => void;
}

const tryTimeoutMs = 15_000;
const betweenTriesMs = 500;

/** The connection to a gateway that somebody else keeps: it may not be there yet, and it may be started anew at any time. */
export class GatewayLink implements AsyncDisposable {
  readonly #options: LinkOptions;
  #client: Promise<GatewayClient>;
  #closing = false;

  private constructor(options: LinkOptions) {
    this.#options = options;
    this.#client = this.#connect();
  }

  /**
   * Waits for the gateway until the deadline.
   * @throws {StartError} when it is late, or when it refuses: then at once, because waiting changes nothing
   */
  static async open(options: LinkOptions): Promise<GatewayLink> {
    const link = new GatewayLink(options);
    await link.#client;
    return link;
  }

  /** A client that is connected, after a new connection where the last one was lost. */
  async client(): Promise<GatewayClient> {
    const current = this.#client;
    const client = await current.catch(() => null);
    if (client?.isOpen === true || this.#closing) return await current;
    // Whoever comes first connects; the others wait for the same.
    if (this.#client === current) this.#client = this.#connect();
    return await this.#client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    const client = await this.#client.catch(() => null);
    await client?.close();
  }

  async #connect(): Promise<GatewayClient> {
    const { url, connectTimeoutMs, signal, connected, token, device, onEvent } = this.#options;
    const deadlineMs = performance.now() + connectTimeoutMs;
    for (let problem: unknown = null; ;) {
      signal.throwIfAborted();
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) throw this.#late(problem);
      try {
        const timeoutMs = Math.min(tryTimeoutMs, leftMs);
        const client = await GatewayClient.connect(url, { token, device, onEvent }, timeoutMs);
        await setUp(client, connected);
        return client;
      } catch (error) {
        if (!isPassing(error)) throw this.#refused(error);
        problem = error;
      }
      await sleep(betweenTriesMs, undefined, { signal });
    }
  }

  #late(problem: unknown): StartError {
    const { url, connectTimeoutMs, timeoutSetting } = this.#options;
    const why = problem === null ? "nobody answered" : messageOf(problem);
    return new StartError(
      "openclaw",
      `The OpenClaw gateway at ${url} was not ready after ${Math.round(connectTimeoutMs / 1000)} s: ${why}. ` +
        `Look at the gateway's own log; a longer wait is ${timeoutSetting}.`,
      { cause: problem },
    );
  }

  #refused(error: unknown): unknown {
    if (!(error instanceof GatewayRefusal)) return error;
    const { url } = this.#options;
    return new StartError(
      "openclaw",
      `The OpenClaw gateway at ${url} refuses the connection: ${error.message}${error.detail === null ? "" : ` [${error.detail}]`}. ${adviceOn(error, this.#options)}`,
      { cause: error },
    );
  }
}

/** A connection that nobody will use would keep the process alive. */
async function setUp(client: GatewayClient, connected: LinkOptions["connected"]): Promise<void> {
  try {
    await connected(client);
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** Whether it may be otherwise in a moment. */
function isPassing(error: unknown): boolean {
  if (error instanceof GatewayConnectionLost) return true;
  return error instanceof GatewayRefusal && (error.retryable || error.rpcCode === "TIMEOUT");
}

function adviceOn(
  { detail, rpcCode, message }: GatewayRefusal,
  { tokenEnv, device, byHand }: Pick<LinkOptions, "tokenEnv" | "device" | "byHand">,
): string {
  if (/TOKEN|PASSWORD|UNAUTHORIZED/i.test(detail ?? ""))
    return `The variable ${tokenEnv} must hold the token of this gateway (gateway.auth.token of its openclaw.json).`;
  if (/PAIR/i.test(`${detail} ${rpcCode} ${message}`))
    return `It wants to know the device: on the gateway run \`openclaw devices approve\` for ${device.id.slice(0, 12)}…, and name a file with agent.deviceFile, so that the next run is the same device. Over loopback no approval is needed.`;
  if (/EPERM|EACCES|EROFS|EBUSY/.test(message))
    return `It cannot write its own configuration, in which Tollgate's model provider has to stand while a run lasts: openclaw.json and its folder must belong to the user that the gateway runs as (OPENCLAW_CONFIG_PATH may name another place). Where it is kept read-only, set agent.relayPort and put this into it: ${byHand}`;
  if (/scope/i.test(message))
    return "The token must allow operator.admin: over loopback the gateway's own token does.";
  return "Versions that were tried speak protocol 4 (OpenClaw 2026.9).";
}
