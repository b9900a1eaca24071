import { connect } from "node:net";

/**
 * One kept-alive connection to a tool worker: newline-delimited JSON, multiplexed by `id`. A lost connection rejects
 * what was pending; the next request connects again.
 */
export class ToolSocket {
  #address;
  #socket = null;
  #pending = new Map();
  #nextId = 1;

  /** @param {string} address unix socket path, or `host:port` */
  constructor(address) {
    this.#address = address;
  }

  /**
   * Sends one frame and resolves with its reply. Rejects when the connection is lost before the reply, or with the
   * signal's reason.
   */
  request(frame, signal) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      signal?.addEventListener("abort", () => this.#take(id)?.reject(signal.reason), { once: true });
      this.#connected().write(`${JSON.stringify({ id, ...frame })}\n`);
    });
  }

  close() {
    this.#socket?.destroy();
  }

  #connected() {
    if (this.#socket !== null) return this.#socket;
    const socket = connect(endpointOf(this.#address));
    // A gateway that is told to stop must not wait for its tool connections.
    socket.unref();
    socket.setNoDelay(true);
    socket.setEncoding("utf8");
    let rest = "";
    socket.on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      try {
        for (const line of lines) this.#settle(line);
      } catch (error) {
        socket.destroy(error);
      }
    });
    socket.on("error", (cause) => this.#lose(socket, cause));
    socket.on("close", () => this.#lose(socket, undefined));
    this.#socket = socket;
    return socket;
  }

  #settle(line) {
    if (line.trim() === "") return;
    const reply = JSON.parse(line);
    this.#take(reply.id)?.resolve(reply);
  }

  #take(id) {
    const waiting = this.#pending.get(id);
    this.#pending.delete(id);
    return waiting;
  }

  #lose(socket, cause) {
    if (this.#socket !== socket) return;
    this.#socket = null;
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    const why = cause === undefined ? "it was closed" : cause.message;
    for (const { reject } of waiting) {
      reject(new Error(`lost the connection to the tool server at ${this.#address}: ${why}`, { cause }));
    }
  }
}

function endpointOf(address) {
  const tcp = /^(?<host>[^/]+):(?<port>\d+)$/.exec(address)?.groups;
  return tcp === undefined ? { path: address } : { host: tcp.host, port: Number(tcp.port) };
}
