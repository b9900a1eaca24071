import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf, StartError, TollgateError, ConfigError } from "../../errors.ts";
import { safeHeaders, messagePage, type Answer } from "./answer.ts";
import { EventStreams } from "./event-streams.ts";
import { pathParts, refusalOf } from "./guard.ts";
import { answerOf } from "./routes.ts";
import type { RunLibrary } from "./run-library.ts";

export interface ViewServer extends AsyncDisposable {
  /** With a slash at its end. */
  readonly url: string;
}

export interface ViewOptions {
  readonly library: RunLibrary;
  /** 0 picks a free port. Only this machine is served. */
  readonly port: number;
  /** Is told of bugs; what a reader asks wrongly is no news. */
  readonly tell: (text: string) => void;
}

/** Serves the pages until disposed. Throws StartError when the port is taken. */
export async function serveView({ library, port, tell }: ViewOptions): Promise<ViewServer> {
  const streams = new EventStreams(library);
  const server = createServer((request, response) => {
    void respond({ request, response }, { library, streams }).catch((error: unknown) => {
      tell(
        `tollgate: ${request.url ?? ""} could not be answered: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`,
      );
      response.destroy();
    });
  });
  const url = await listen(server, port);
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      streams.end();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

interface Parts {
  readonly library: RunLibrary;
  readonly streams: EventStreams;
}

async function respond({ request, response }: Exchange, { library, streams }: Parts): Promise<void> {
  const { method = "", url: target = "" } = request;
  const [host, ...more] = request.headersDistinct["host"] ?? [];
  const refused = refusalOf({ method, host: more.length === 0 ? host : undefined, target });
  if (refused !== null) {
    send(response, {
      status: refused.status,
      type: "text/plain",
      body: `${refused.message}\n`,
      headers: { connection: "close", ...(refused.status === 405 && { allow: "GET, HEAD" }) },
    });
    return;
  }
  const parts = pathParts(target) ?? [];
  const query = new URLSearchParams(target.split("#", 1)[0]?.split("?").slice(1).join("?") ?? "");
  if (parts[0] === "events" && parts.length <= 2 && method === "GET") {
    const answer = await streams.open({ name: parts[1] ?? null, since: query.get("since") }, response);
    if (answer !== null) send(response, answer);
    return;
  }
  send(response, await answered({ parts, query }, library), method === "HEAD");
}

/** What a person may have asked wrongly, and what is wrong with a run, is said on a page. */
async function answered(
  asked: { readonly parts: readonly string[]; readonly query: URLSearchParams },
  library: RunLibrary,
): Promise<Answer> {
  try {
    return (
      (await answerOf(asked, library)) ??
      messagePage(
        404,
        "Not found",
        "There is no page at this address, or the run or the episode is not there.",
      )
    );
  } catch (error) {
    if (error instanceof ConfigError) return messagePage(400, "This cannot be asked", error.message);
    if (error instanceof TollgateError) return messagePage(500, "This run cannot be shown", error.message);
    throw error;
  }
}

function send(response: ServerResponse, { status, type, body, headers = {} }: Answer, isHead = false): void {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  response.writeHead(status, {
    ...safeHeaders,
    "content-type": `${type}; charset=utf-8`,
    "content-length": bytes.length,
    ...headers,
  });
  response.end(isHead ? undefined : bytes);
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(
        new StartError(
          "view",
          `The view cannot be served on port ${port}: ${error.message}. Give another --port.`,
          {
            cause: error,
          },
        ),
      ),
    );
    server.listen(port, "127.0.0.1", resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
