import { request } from "undici";
import { StartError, messageOf } from "../../../errors.ts";
import { boundedText, descriptionBytesMax } from "../../../host/bounded-body.ts";
import type { SessionClient } from "../session/session-client.ts";
import { Deadline } from "../../../measure/deadline.ts";

export interface ProbeOptions {
  readonly arm: string;
  readonly model: string;
  /** Unique among all task ids that the gateway ever sees. */
  readonly taskId: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * One session, one short completion, and the session removed again: the only proof that a gateway works. Its `/health`
 * says ok while its router is dead.
 * @throws {StartError} naming the step that failed and what it means
 */
export async function probeGateway(client: SessionClient, options: ProbeOptions): Promise<void> {
  const { http } = client;
  using deadline = new Deadline(options.timeoutMs, options.signal);
  try {
    const session = await client.startSession(options.taskId);
    const response = await request(`${http.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${session.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: options.model,
        messages: [{ role: "user", content: "Say ok." }],
        max_completion_tokens: 8,
        temperature: 0,
      }),
      signal: deadline.signal,
    });
    const text = await boundedText(response.body, descriptionBytesMax);
    if (response.statusCode !== 200) {
      throw http.refusal("/v1/chat/completions", { status: response.statusCode, text });
    }
    await client.exportSession(session, { closed: false });
  } catch (cause) {
    options.signal.throwIfAborted();
    throw new StartError(
      options.arm,
      `Arm ${options.arm}: the gateway at ${http.url} runs and does not work: ${messageOf(cause)}. ` +
        "Is its router alive, is a data proxy registered there, does that reach the engine, and is the admin key the one it was started with?",
      { cause },
    );
  }
}
