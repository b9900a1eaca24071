import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { request as httpRequest } from "undici";
import { z } from "zod";
import { messageOf, StartError } from "../../errors.ts";
import { boundedText, descriptionBytesMax } from "../../host/bounded-body.ts";
import { parsedJson } from "../../host/parsed-json.ts";
import { longestTimerMs } from "../../measure/deadline.ts";
import { systemClock } from "../../measure/clock.ts";
import type { AgentContext, AgentDriver, AgentSession, AgentSessionRequest, AgentTurn } from "../agent.ts";
import { DeviceIdentity } from "./device-identity.ts";
import type { OpenClawSection } from "./section.ts";
import { AttachedSession, type AttachedParts } from "./attached-session.ts";
import { GatewayLink } from "./gateway-link.ts";
import { GatewaySettings, settingsText } from "./gateway-settings.ts";
import { Relay } from "./relay.ts";
import { ToolEvents } from "./tool-events.ts";

export const tokenEnvDefault = "OPENCLAW_GATEWAY_TOKEN";

export type AttachedSection = OpenClawSection & { readonly attach: string };

/**
 * Joins a gateway that somebody else keeps.
 * @throws {StartError} when it is late or refuses; nothing of ours is left in it then
 */
export async function attachOpenClaw(spec: AttachedSection, context: AgentContext): Promise<AgentDriver> {
  const { attach: url, tokenEnv = tokenEnvDefault, relayHost = "127.0.0.1" } = spec;
  const token = context.environment[tokenEnv] ?? "";
  if (token === "")
    throw new StartError("openclaw", `agent.attach: the variable ${tokenEnv} must hold the token of ${url}.`);
  const device = await deviceOf(spec.deviceFile);
  const stoppable = new AsyncDisposableStack();
  try {
    const relay = stoppable.use(
      await Relay.start({ host: relayHost, port: spec.relayPort ?? 0 }, context.callTimeoutMs),
    );
    const events = new ToolEvents(systemClock);
    const settings = new GatewaySettings();
    const entry = {
      baseUrl: `http://${relayHost}:${relay.port}/v1`,
      model: context.model,
      contextWindow: context.contextWindow,
      maxTokens: context.maxTokens,
      timeoutSeconds: Math.ceil(Math.min(context.callTimeoutMs, longestTimerMs - 1000) / 1000),
    };
    const link = stoppable.use(
      await GatewayLink.open({
        url,
        token,
        tokenEnv,
        device,
        connectTimeoutMs: context.startTimeoutMs,
        timeoutSetting: "limits.startSeconds",
        byHand: settingsText(entry),
        signal: context.signal,
        onEvent: (event) => events.see(event),
        connected: (client) => settings.add(client, entry),
      }),
    );
    stoppable.defer(async () => {
      await takeAway(settings, link, context.progress);
    });
    const version = (await link.client()).serverVersion;
    context.progress(
      `openclaw: attached to ${url} (version ${version ?? "not said"}, device ${device.id.slice(0, 12)}); its model requests come through ${entry.baseUrl}`,
    );
    await keepFacts(context.logDirectory, { url, version, deviceId: device.id, relay: entry.baseUrl });
    return new AttachedDriver({ url, mark: randomBytes(4).toString("hex"), link, relay, events }, stoppable);
  } catch (error) {
    await stoppable.disposeAsync();
    throw error;
  }
}

class AttachedDriver implements AgentDriver {
  readonly #parts: AttachedParts;
  readonly #stoppable: AsyncDisposableStack;
  #warmUps = 0;

  constructor(parts: AttachedParts, stoppable: AsyncDisposableStack) {
    this.#parts = parts;
    this.#stoppable = stoppable;
  }

  openSession(request: AgentSessionRequest): Promise<AgentSession> {
    return AttachedSession.open(this.#parts, request);
  }

  /** The gateway may never have been asked before, and its first turn loads code for seconds. */
  async warmUp(
    open: (attemptKey: string) => Promise<AgentSessionRequest>,
    signal: AbortSignal,
  ): Promise<readonly AgentTurn[]> {
    this.#warmUps += 1;
    const request = await open(`warm-up-${this.#warmUps}`);
    await using session = await AttachedSession.open(this.#parts, request);
    return [await session.turn("Hello.", signal)];
  }

  async eventLoopLoad(): ReturnType<AgentDriver["eventLoopLoad"]> {
    return [{ process: "openclaw-attached", eventLoopUtilization: await utilisationOf(this.#parts.url) }];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stoppable.disposeAsync();
  }
}

const readinessSchema = z.object({ eventLoop: z.object({ utilization: z.number() }) });

/** Of its last seconds, as it says itself; null where it does not. */
async function utilisationOf(url: string): Promise<number | null> {
  const page = new URL("/readyz", url.replace(/^ws/, "http"));
  try {
    const { body } = await httpRequest(page, { headersTimeout: 5000, bodyTimeout: 5000 });
    const answer = readinessSchema.safeParse(parsedJson(await boundedText(body, descriptionBytesMax)));
    return answer.success ? answer.data.eventLoop.utilization : null;
  } catch {
    return null; // A gauge that cannot be read is no reason to stop.
  }
}

async function deviceOf(file: string | undefined): Promise<DeviceIdentity> {
  if (file === undefined) return DeviceIdentity.generate();
  try {
    return DeviceIdentity.of(await readFile(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT")
      throw new StartError("openclaw", `agent.deviceFile ${file}: ${messageOf(error)}`, { cause: error });
  }
  const made = DeviceIdentity.generate();
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, made.pem(), { mode: 0o600 });
  return made;
}

async function takeAway(
  settings: GatewaySettings,
  link: GatewayLink,
  tell: (line: string) => void,
): Promise<void> {
  try {
    await settings.remove(await link.client());
  } catch (error) {
    tell(
      `warning: the model provider "tollgate" is still in the attached gateway's configuration: ${messageOf(error)} The next run replaces it; by hand: openclaw config unset models.providers.tollgate`,
    );
  }
}

async function keepFacts(directory: string, facts: Readonly<Record<string, string | null>>): Promise<void> {
  await writeFile(path.join(directory, "openclaw-attached.json"), `${JSON.stringify(facts, null, 2)}\n`);
}
