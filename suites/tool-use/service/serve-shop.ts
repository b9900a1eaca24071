import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { jsonText, parseJson } from "../contract/parse-json.ts";
import type { WrittenValue } from "../contract/case.ts";
import type { Shop } from "./shop.ts";

/** A shop that listens on this machine's loopback. */
export interface ServedShop extends AsyncDisposable {
  /** With a part that nobody can guess: other attempts' tools, and other programs, do not find it. */
  readonly url: string;
}

const bodyBytesMax = 1_000_000;

export async function serveShop(shop: Shop): Promise<ServedShop> {
  const secret = `/${randomBytes(12).toString("hex")}`;
  const server = createServer((request, response) => {
    answer(shop, secret, request).then(
      ({ status, body }) => send(response, status, body),
      (error: unknown) => send(response, 500, { error: String(error) }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${secret}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(shop: Shop, secret: string, request: IncomingMessage) {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://shop.invalid");
  if (!pathname.startsWith(`${secret}/`)) return { status: 404, body: { error: "there is nothing here" } };
  const path = decoded(pathname.slice(secret.length));
  if (path === null) return { status: 400, body: { error: "this path cannot be read" } };
  return shop.answer({
    method: request.method ?? "GET",
    path,
    query: searchParams,
    body: await bodyOf(request),
  });
}

function decoded(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

async function bodyOf(request: IncomingMessage): Promise<WrittenValue | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= bodyBytesMax) chunks.push(chunk);
  }
  if (bytes === 0 || bytes > bodyBytesMax) return undefined;
  try {
    return parseJson(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined; // The shop says that it wants JSON.
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(jsonText(body));
}
