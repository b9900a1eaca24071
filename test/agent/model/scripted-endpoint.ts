import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Endpoint } from "../../../bench/transcript/endpoint.ts";

export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** How the endpoint answers its n-th request; it may leave the response open. */
export type Script = (response: ServerResponse, request: SeenRequest, index: number) => void;

/** A real HTTP server that plays a script and remembers what it was asked. */
export async function startEndpoint(script: Script) {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      const entry = { path: request.url ?? "", headers: request.headers, body };
      script(response, entry, seen.push(entry) - 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const endpoint: Endpoint = {
    role: "agent",
    baseUrl: `http://127.0.0.1:${port}/v1`,
    model: "scripted",
    apiKey: "key-1",
    headers: { "x-tollgate-episode": "e1" },
  };
  return {
    endpoint,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export interface ScriptedCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

export interface ScriptedAnswer {
  readonly content?: string | null;
  readonly calls?: readonly ScriptedCall[];
}

const usage = {
  prompt_tokens: 10,
  completion_tokens: 30,
  total_tokens: 40,
  prompt_tokens_details: { cached_tokens: 4 },
};

/** One chat completion as JSON. */
export function answerJson(response: ServerResponse, answer: ScriptedAnswer): void {
  const message = {
    role: "assistant",
    content: answer.content ?? null,
    tool_calls: answer.calls?.map(({ id, ...call }) => ({ id, type: "function", function: call })) ?? null,
  };
  const finish = answer.calls === undefined ? "stop" : "tool_calls";
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ choices: [{ index: 0, message, finish_reason: finish }], usage }));
}

/** The same as events, every text in pieces of three characters. */
export function answerStream(response: ServerResponse, answer: ScriptedAnswer): void {
  response.setHeader("content-type", "text/event-stream");
  for (const event of eventsOf(answer)) response.write(event);
  response.end("data: [DONE]\n\n");
}

export function eventsOf(answer: ScriptedAnswer): string[] {
  const deltas: object[] = [{ role: "assistant", content: "" }];
  for (const content of pieces(answer.content ?? "")) deltas.push({ content });
  for (const [index, call] of (answer.calls ?? []).entries()) {
    const head = { index, id: call.id, type: "function", function: { name: call.name, arguments: "" } };
    deltas.push({ tool_calls: [head] });
    for (const piece of pieces(call.arguments)) {
      deltas.push({ tool_calls: [{ index, function: { arguments: piece } }] });
    }
  }
  const chunks: object[] = deltas.map((delta) => ({ choices: [{ index: 0, delta, finish_reason: null }] }));
  const finish = answer.calls === undefined ? "stop" : "tool_calls";
  chunks.push({ choices: [{ index: 0, delta: {}, finish_reason: finish }] }, { choices: [], usage });
  return chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`);
}

function pieces(text: string): string[] {
  return text.match(/[\s\S]{1,3}/g) ?? [];
}
