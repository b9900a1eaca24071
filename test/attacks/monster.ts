import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import { text as readText } from "node:stream/consumers";
import { bombs } from "./bombs.ts";

/**
 * A model server that breaks what reads it. `node monster.ts ENGINE BOMB AFTER`: passes on to an engine whatever is asked, and from
 * the AFTER-th request of an episode on answers every third one with the bomb. Its address is on the first line of its output.
 */
const [engine = "", name = "", after = "0"] = process.argv.slice(2);
const bomb = bombs.find((row) => row.name === name)?.answer;
if (bomb === undefined) throw new Error(`there is no bomb ${name}`);
let requests = 0;

const server = createServer((incoming, outgoing) => {
  incoming.on("error", () => {});
  outgoing.on("error", () => {});
  outgoing.socket?.on("error", () => {});
  void answer(incoming, outgoing).catch(() => outgoing.destroy());
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as { port: number };
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});

async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const body = await readText(incoming);
  if (body.includes("[ref ")) requests += 1;
  if (body.includes("[ref ") && requests > Number(after) && requests % 3 === 0) {
    const { socket } = outgoing;
    if (socket !== null) await bomb?.(socket);
    socket?.destroySoon();
    return;
  }
  const { host: _host, connection: _connection, ...headers } = incoming.headers;
  const passed = request(new URL(incoming.url ?? "/", engine), { method: incoming.method, headers });
  passed.end(body);
  const [upstream] = (await once(passed, "response")) as [IncomingMessage];
  outgoing.writeHead(upstream.statusCode ?? 502, upstream.headers);
  for await (const bytes of upstream) outgoing.write(bytes);
  outgoing.end();
}
