import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { onTestFinished } from "vitest";

/** A trainer by the endpoints of CLaaS that repeats the key which it was sent in all that it says. Every second update is refused. */
export async function repeatingTrainer(): Promise<string> {
  const server = createServer((request, response) => void answer(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

let updates = 0;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = "", headers } = request;
  const key = headers.authorization ?? "";
  const body = method === "POST" ? ((await json(request)) as Body) : {};
  if (url === "/metrics") {
    response.writeHead(200, { "content-type": "text/plain" });
    response.end(`# ${key}\nsglang:num_running_reqs 1\nsglang:num_queue_reqs 0\n`);
    return;
  }
  if (url === "/v1/chat/completions") return chat(response, body, `You said ${key}. ${"Words. ".repeat(9)}`);
  if (url === "/v1/feedback") updates += 1;
  if (url === "/v1/feedback" && updates % 2 === 0) return say(response, 401, { detail: `no ${key}` });
  const said = answers[url]?.(body);
  say(response, said === undefined ? 404 : 200, { ...(said ?? { detail: "Not Found" }), key });
}

type Body = Readonly<Record<string, unknown>>;
const answers: Readonly<Record<string, (body: Body) => object>> = {
  "/v1/health": () => ({ status: "healthy" }),
  "/v1/lora/init": ({ lora_id }) => ({ lora_id }),
  "/v1/score": () => ({ logprobs: [-1, -2], completion_tokens: 2, logprob_sum: -3 }),
  "/v1/feedback": () => ({ status: "ok", distill_result: { metadata: { distill_loss: 0.5 } } }),
};

function say(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function chat(response: ServerResponse, { model, stream }: Body, content: string): void {
  const usage = { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 };
  if (stream !== true) {
    const choices = [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }];
    say(response, 200, { model, choices, usage });
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  const events = [
    { choices: [{ index: 0, delta: { content }, finish_reason: null }] },
    { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
    { choices: [], usage },
  ];
  for (const event of events) response.write(`data: ${JSON.stringify({ model, ...event })}\n\n`);
  response.end("data: [DONE]\n\n");
}
