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
  if (mode === "renames-model") return body.replaceAll('"model":"tollgate-sim"', '"model":"openai/gpt"');
  return body;
}

const server = createServer((request, response) => {
  void (async () => {
    const body = await bodyOf(request);
    asked += 1;
    const size = body.length;
    const refused =
      mode === "refuses-large" && size > 20_000
        ? 413
        : mode === "fails-often" && asked > 60 && asked % 3 === 0
          ? 503
          : mode === "not-found"
            ? 404
            : null;
    if (refused !== null) {
      response.writeHead(refused, { "content-type": "application/json" });
      response.end(
        JSON.stringify({ error: { message: `refused by the test's proxy, body of ${size} bytes` } }),
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
