import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { z } from "zod";
import type { RecordedSession } from "./recorded-session.ts";

const requestSchema = z.looseObject({
  messages: z.array(z.looseObject({ role: z.string() })),
  stream: z.boolean().nullish(),
  store: z.boolean().nullish(),
});
const completionSchema = z.looseObject({
  choices: z.tuple([
    z.looseObject({
      message: z.looseObject({
        content: z.string().nullable(),
        tool_calls: z.array(z.looseObject({})).nullish(),
      }),
      finish_reason: z.string(),
    }),
  ]),
  usage: z.looseObject({}),
});
type Completion = z.infer<typeof completionSchema>;

/** Token ids stand for bytes here: what matters is that prompts continue each other as texts do. */
const idsOf = (text: string) => [...Buffer.from(text, "utf8")];

/**
 * A chat call as AReaL answers it: generated whole by the engine, then, where the client asked for a stream, cut into
 * chunks. Not recorded with `store: false`, nor without a session.
 */
export async function answerChat(call: {
  readonly body: unknown;
  readonly response: ServerResponse;
  readonly engineUrl: string;
  readonly session: RecordedSession | null;
}): Promise<void> {
  const { stream_options: _options, ...asked } = requestSchema.parse(call.body);
  const answer = await fetch(`${call.engineUrl}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...asked, stream: false }),
  });
  const completion = completionSchema.safeParse(await answer.json()).data ?? null;
  const id = `chatcmpl-${randomBytes(16).toString("hex").slice(0, 29)}`;
  if (asked.store !== false) {
    call.session?.record({
      interactionId: id,
      promptIds: idsOf(JSON.stringify(asked.messages)),
      outputIds: completion === null ? null : idsOf(JSON.stringify(completion.choices[0].message)),
    });
  }
  write(call.response, { id, completion, streamed: asked.stream === true });
}

interface Written {
  readonly id: string;
  readonly completion: Completion | null;
  readonly streamed: boolean;
}

function write(response: ServerResponse, { id, completion, streamed }: Written): void {
  if (completion === null && !streamed) {
    response
      .writeHead(500, { "content-type": "application/json" })
      .end('{"detail":"RuntimeError: generation failed"}');
    return;
  }
  if (!streamed) {
    const body = JSON.stringify({ ...completion, id, model: "None" });
    response.writeHead(200, { "content-type": "application/json" }).end(body);
    return;
  }
  // 200 is sent before anything is known; an error then comes as an event, and no [DONE] after it.
  response.writeHead(200, { "content-type": "text/event-stream" });
  if (completion === null) {
    response.end('data: {"error":"RuntimeError: generation failed","status_code":500}\n\n');
    return;
  }
  for (const chunk of chunksOf(id, completion)) response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  response.end("data: [DONE]\n\n");
}

/** Role, the whole text, two chunks per tool call, then the end, always with usage. */
function chunksOf(id: string, { choices: [choice], usage }: Completion): object[] {
  const chunk = (delta: object, finish: string | null = null, extra: object = {}) => ({
    id,
    object: "chat.completion.chunk",
    created: 0,
    model: "None",
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...extra,
  });
  const calls = (choice.message.tool_calls ?? []).flatMap((call, index) => {
    const parsed = z.object({
      id: z.string(),
      function: z.object({ name: z.string(), arguments: z.string() }),
    });
    const { id: callId, function: made } = parsed.parse(call);
    const opening = { index, id: callId, type: "function", function: { name: made.name, arguments: "" } };
    return [
      chunk({ tool_calls: [opening] }),
      chunk({ tool_calls: [{ index, function: { arguments: made.arguments } }] }),
    ];
  });
  const text = choice.message.content ?? "";
  return [
    chunk({ role: "assistant", content: "" }),
    ...(text === "" ? [] : [chunk({ content: text })]),
    ...calls,
    chunk({}, choice.finish_reason, { usage }),
  ];
}
