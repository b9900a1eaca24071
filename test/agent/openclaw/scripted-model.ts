import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";

/** A streamed completion. */
export interface ScriptedAnswer {
  readonly say?: string;
  readonly calls?: readonly ScriptedCall[];
  /** Sent before the text as `reasoning_content`. */
  readonly reasoning?: string;
  /** Finish reason, where it is not the natural one. */
  readonly finish?: string;
}

/** What the scripted model does with one request. */
export type ScriptedReply =
  | ScriptedAnswer
  | { readonly status: number; readonly error: unknown }
  | { readonly drop: true }
  | { readonly hang: true };

export interface ScriptedCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

export interface SeenMessage {
  readonly role: string;
  readonly content: unknown;
  readonly tool_calls?: readonly unknown[];
  readonly tool_call_id?: string;
}

export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: { readonly messages: readonly SeenMessage[] } & Readonly<Record<string, unknown>>;
}

/** An OpenAI-compatible server on a real socket that streams what a script says, in small pieces. */
export class ScriptedModel implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly url: string;
  readonly #server: ReturnType<typeof createServer>;

  private constructor(server: ReturnType<typeof createServer>, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(script: (request: SeenRequest) => ScriptedReply): Promise<ScriptedModel> {
    const server = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        const body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
        const request = { path: incoming.url ?? "", headers: incoming.headers, body };
        model.requests.push(request);
        answer(response, script(request), model.requests.length);
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no TCP address");
    const model = new ScriptedModel(server, `http://127.0.0.1:${address.port}`);
    return model;
  }

  /** Requests of one attempt, in order of arrival. */
  of(attemptKey: string): SeenRequest[] {
    return this.requests.filter(({ headers }) => headers["x-tollgate-attempt"] === attemptKey);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

function answer(response: ServerResponse, reply: ScriptedReply, serial: number): void {
  if ("hang" in reply) return;
  if ("status" in reply) {
    response.writeHead(reply.status, { "content-type": "application/json" });
    response.end(JSON.stringify(reply.error));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (delta: unknown, finish: string | null = null): void => {
    const choices = [{ index: 0, delta, finish_reason: finish }];
    const chunk = {
      id: `chatcmpl-${serial}`,
      object: "chat.completion.chunk",
      created: 1,
      model: "m",
      choices,
    };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  send({ role: "assistant", content: "" });
  if ("drop" in reply) {
    send({ content: "par" });
    setTimeout(() => response.destroy(), 50);
    return;
  }
  const calls = reply.calls ?? [];
  if (reply.reasoning !== undefined) send({ reasoning_content: reply.reasoning });
  for (const piece of pieces(reply.say ?? "")) send({ content: piece });
  for (const [index, call] of calls.entries()) {
    send({
      tool_calls: [{ index, id: call.id, type: "function", function: { name: call.name, arguments: "" } }],
    });
    for (const piece of pieces(call.arguments))
      send({ tool_calls: [{ index, function: { arguments: piece } }] });
  }
  send({}, reply.finish ?? (calls.length > 0 ? "tool_calls" : "stop"));
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  response.write(
    `data: ${JSON.stringify({ id: `chatcmpl-${serial}`, object: "chat.completion.chunk", created: 1, model: "m", choices: [], usage })}\n\n`,
  );
  response.end("data: [DONE]\n\n");
}

function pieces(text: string): string[] {
  return Array.from(text).reduce<string[]>((all, character, index) => {
    if (index % 3 === 0) all.push("");
    all[all.length - 1] += character;
    return all;
  }, []);
}
