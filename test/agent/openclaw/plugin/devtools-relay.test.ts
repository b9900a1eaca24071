import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import type { AgentWorkspace } from "../../../../bench/agent/agent.ts";
import { liveProcesses, startEnvironment } from "../../../../bench/host/process-table.ts";

/** The plugin's part of the contract; it is plain JavaScript, which OpenClaw copies and loads. */
interface Relay {
  listen(): Promise<string>;
  close(): Promise<void>;
  withoutKey(said: string): string;
}
interface Module {
  readonly DevtoolsRelay: new (
    workspace: Pick<AgentWorkspace, "enter">,
    port: () => Promise<number> | null,
  ) => Relay;
}

const source = new URL(
  "../../../../bench/agent/openclaw/plugin/workspace/browser/devtools-relay.js",
  import.meta.url,
).href;
const { DevtoolsRelay }: Module = await import(source);

/** No sandbox: what is tried here is the relay. Its connectors are told from others by what they are started with. */
const mark = `relay-${process.pid}`;
const workspace = {
  enter: { file: "/usr/bin/env", arguments: [`FROM=${mark}`], environment: { PATH: "/usr/bin:/bin" } },
};

const stack: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of stack.splice(0).toReversed()) await end();
});

/** In place of Chromium: says what it hears, once, with a word before it. */
async function startServer(): Promise<{ readonly port: number; readonly sockets: readonly Socket[] }> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on("data", (chunk: Buffer) => socket.write(`heard ${chunk.toString()}`));
    socket.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  stack.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  return { port: address.port, sockets };
}

async function startRelay(
  port: () => Promise<number> | null,
): Promise<{ readonly relay: Relay; readonly url: URL }> {
  const relay = new DevtoolsRelay(workspace, port);
  const url = new URL(await relay.listen());
  stack.push(async () => relay.close());
  return { relay, url };
}

function ask(url: URL, authorization: string): Socket {
  const socket = connect(Number(url.port), url.hostname);
  socket.write(`GET /json/version HTTP/1.1\r\nHost: ${url.host}\r\n${authorization}\r\n`);
  return socket;
}
const basic = (login: string) => `Authorization: Basic ${Buffer.from(login).toString("base64")}\r\n`;
const connectors = () => liveProcesses().filter(({ pid }) => startEnvironment(pid).get("FROM") === mark);

async function until(check: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 100 && !check(); tries++) await new Promise((done) => setTimeout(done, 50));
  return check();
}

test("whoever knows the key is led on, both ways, byte for byte and for as long as he stays", async () => {
  const server = await startServer();
  const { relay, url } = await startRelay(async () => server.port);
  const login = `${url.username}:${url.password}`;
  const socket = ask(url, basic(login));
  const [first] = (await once(socket, "data")) as [Buffer];
  expect(first.toString()).toMatch(/^heard GET \/json\/version HTTP\/1.1\r\n/);
  socket.write("more\0\xff");
  const [second] = (await once(socket, "data")) as [Buffer];
  expect(second).toEqual(Buffer.from("heard more\0\xff"));
  expect(relay.withoutKey(`ws://${login}@127.0.0.1:1/devtools`)).toBe("ws://127.0.0.1:1/devtools");
  socket.destroy();
  expect(await until(() => server.sockets[0]?.destroyed === true && connectors().length === 0)).toBe(true);
});

test("without the key, or with another, nobody is led anywhere", async () => {
  const server = await startServer();
  const { url } = await startRelay(async () => server.port);
  const wrong = [
    "",
    basic(`${url.username}:`),
    basic(`${url.username}:${Array.from(url.password).toReversed().join("")}`),
    basic("a:b"),
  ];
  for (const authorization of wrong)
    expect(await text(ask(url, authorization))).toMatch(/^HTTP\/1.1 401 Unauthorized\r\n/);
  expect(server.sockets).toHaveLength(0);
});

test("an end of the other side is an end of the connection, and so is nobody there", async () => {
  const server = await startServer();
  let port: Promise<number> | null = Promise.resolve(server.port);
  const { url } = await startRelay(() => port);
  const login = basic(`${url.username}:${url.password}`);
  const socket = ask(url, login);
  await once(socket, "data");
  server.sockets[0]?.end();
  await once(socket, "close");
  expect(await until(() => connectors().length === 0)).toBe(true);
  port = null;
  expect(await text(ask(url, login))).toBe("");
});

test("what is open when the session ends is closed with its programs", async () => {
  const server = await startServer();
  const { relay, url } = await startRelay(async () => server.port);
  const socket = ask(url, basic(`${url.username}:${url.password}`));
  await once(socket, "data");
  stack.pop();
  await Promise.all([relay.close(), once(socket, "close")]);
  expect(await until(() => connectors().length === 0)).toBe(true);
});
