import { randomBytes, timingSafeEqual } from "node:crypto";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

const headBytesMax = 64 * 1024;
const user = "tollgate";

/**
 * Carries one connection: what comes in goes to the socket, what the socket says goes out. The shell gives its own output
 * away, so that the end of the socket is the end of the output; when the input ends, so does the other half.
 */
const connector = [
  'exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1',
  "cat <&3 &",
  "exec >&-",
  "cat >&3",
  "kill -9 $!",
  // Nobody else takes note of its end everywhere, and until somebody does it counts as a process.
  "wait $!",
].join("\n");

/**
 * Leads OpenClaw's browser control to the DevTools of a Chromium in a sandbox, whose loopback nobody outside reaches: each
 * connection is carried by a program that has entered. It listens on this machine's loopback, where others are, too, and
 * lets none in who does not know its key.
 */
export class DevtoolsRelay {
  #server;
  #key = randomBytes(24).toString("base64url");
  #connections = new Set();

  /** @param {{enter: object}} workspace @param {() => Promise<number> | null} port where to; null: nothing is there now */
  constructor(workspace, port) {
    this.#server = createServer((socket) => {
      this.#connections.add(socket);
      socket.once("close", () => this.#connections.delete(socket));
      // A client that goes away is no failure of ours.
      socket.on("error", () => socket.destroy());
      this.#lead(socket, workspace, port).catch(() => socket.destroy());
    });
  }

  /** @returns {Promise<string>} its address, with the key */
  async listen() {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://${this.#login}@127.0.0.1:${this.#server.address().port}`;
  }

  /** A text of OpenClaw's without the key: addresses of pages have it. */
  withoutKey(text) {
    return text.replaceAll(`${this.#login}@`, "");
  }

  get #login() {
    return `${user}:${this.#key}`;
  }

  async close() {
    for (const socket of this.#connections) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #lead(socket, workspace, port) {
    const head = await this.#admit(socket);
    if (head === null) return;
    const there = await port();
    if (there === null) socket.destroy();
    else carry({ socket, head }, workspace, there);
  }

  /** What has come of a connection's first request, once its head is there; null: it may not come in. */
  async #admit(socket) {
    const chunks = [];
    for (let bytes = 0; bytes < headBytesMax;) {
      const chunk = await nextChunk(socket);
      if (chunk === null) return null;
      chunks.push(chunk);
      bytes += chunk.length;
      const sent = Buffer.concat(chunks);
      const end = sent.indexOf("\r\n\r\n");
      if (end === -1) continue;
      if (this.#knows(sent.subarray(0, end).toString("latin1"))) return sent;
      break;
    }
    socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    return null;
  }

  #knows(head) {
    const [, given = ""] = /^authorization: *basic +([^\s]+) *$/im.exec(head) ?? [];
    const wanted = Buffer.from(Buffer.from(this.#login).toString("base64"));
    const shown = Buffer.from(given);
    return shown.length === wanted.length && timingSafeEqual(shown, wanted);
  }
}

async function nextChunk(socket) {
  for (;;) {
    const chunk = socket.read();
    if (chunk !== null) return chunk;
    if (socket.readableEnded || socket.destroyed) return null;
    await Promise.race([once(socket, "readable"), once(socket, "close")]);
  }
}

function carry({ socket, head }, { enter }, port) {
  const words = [...enter.arguments, "/bin/bash", "--norc", "-c", connector, "bash", String(port)];
  const child = spawn(enter.file, words, { env: enter.environment, stdio: ["pipe", "pipe", "ignore"] });
  child.once("error", () => socket.destroy());
  child.stdin.on("error", () => undefined);
  child.stdin.write(head);
  socket.pipe(child.stdin);
  child.stdout.pipe(socket);
  // Also where it was cut off, which no pipe passes on.
  socket.once("close", () => child.stdin.end());
  child.once("close", () => socket.destroy());
}
