import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** `node altering-proxy-program.ts UPSTREAM MODE`: a gateway with a known fault, for tests. Prints its address. */
const [upstream = "", mode = ""] = process.argv.slice(2);
let asked = 0;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces).toString("utf8");
}

/** What becomes of a request's text. */
function sent(body: string): string {
  if (mode === "injects-prompt" && body.includes('"messages":[{'))
    return body.replace('"messages":[{', '"messages":[{"role":"system","content":"Be brief."},{');
  return body;
}

/** What becomes of an answer's text. */
function answered(body: string): string {
  if (mode === "changes-text")
    return body.replaceAll("simulated", "assimilated").replaceAll("agent", "agents");
  if (mode === "drops-usage")
    return body.replaceAll(/"usage":\{[^{}]*(\{[^{}]*\}[^{}]*)*\}/g, '"usage":null');
  if (mode === "drops-logprobs" && body.startsWith("{"))
    return JSON.stringify(JSON.parse(body), (key, value: unknown) => (key === "logprobs" ? null : value));
  if (mode === "renames-model") return body.replaceAll('"model":"tollgate-sim"', '"model":"openai/gpt"');
  return body;
}

/** The status with which a request is refused; null: it is not. */
function refusalOf(body: string, count: number): number | null {
  if (mode === "refuses-large" && body.length > 20_000) return 413;
  if (mode === "refuses-tools" && body.includes('"tools":[')) return 400;
  if (mode === "unknown-model-500" && body.includes("no-such-model")) return 500;
  if (mode === "fails-often" && count > 60 && count % 3 === 0) return 503;
  return mode === "not-found" ? 404 : null;
}

const server = createServer((request, response) => {
  void (async () => {
    const body = await bodyOf(request);
    asked += 1;
    const refused = refusalOf(body, asked);
    if (refused !== null) {
      response.writeHead(refused, { "content-type": "application/json" });
      response.end(
        JSON.stringify({ error: { message: `refused by the test's proxy, body of ${body.length} bytes` } }),
      );
      return;
    }
    const answer = await fetch(`${upstream}${request.url ?? "/"}`, {
      method: request.method ?? "GET",
      headers: {
        "content-type": "application/json",
        ...(request.headers.authorization && { authorization: request.headers.authorization }),
      },
      ...(request.method === "POST" && { body: sent(body) }),
    });
    const text = await answer.text();
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "text/plain" });
    response.end(answered(text));
  })().catch((error: unknown) => {
    response.destroy(error instanceof Error ? error : new Error(String(error)));
  });
});

server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
