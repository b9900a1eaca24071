import { createServer, request as forward, type IncomingMessage, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

export interface GatewayHabits {
  /** What it makes of a request body. */
  readonly rewrite?: (body: Record<string, unknown>) => Record<string, unknown>;
  /** Collects the whole answer before it sends the first byte. */
  readonly buffers?: boolean;
  /** Answers everything itself with this status. */
  readonly status?: number;
}

/** A gateway of a test: passes requests on to an engine, with one bad habit. */
export class StandInGateway implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(target: string, habits: GatewayHabits): Promise<StandInGateway> {
    const server = createServer((incoming, outgoing) => {
      void bodyOf(incoming).then((text) => {
        if (habits.status !== undefined) {
          outgoing.writeHead(habits.status).end("the router behind this gateway is gone");
          return;
        }
        const body = text === "" || !habits.rewrite ? text : JSON.stringify(habits.rewrite(JSON.parse(text)));
        const { "content-length": _, ...headers } = incoming.headers;
        const passed = forward(new URL(incoming.url ?? "/", target), { method: incoming.method, headers });
        passed.on("response", (answer) => {
          if (!habits.buffers) {
            outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
            answer.pipe(outgoing);
            return;
          }
          void bodyOf(answer).then((whole) =>
            outgoing.writeHead(answer.statusCode ?? 502, answer.headers).end(whole),
          );
        });
        passed.on("error", () => outgoing.destroy());
        passed.end(body);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new StandInGateway(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of message.setEncoding("utf8")) text += String(chunk);
  return text;
}
