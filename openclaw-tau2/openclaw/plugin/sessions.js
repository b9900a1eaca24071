import { Session } from "./session.js";
import { ToolSocket } from "./tool-socket.js";

/** Sessions of one OpenClaw process and its connections to the tool workers. */
export class Sessions {
  #run;
  #byKey = new Map();
  #bySessionId = new Map();
  #sockets = new Map();

  /** @param {{fleetToken: string, toolSockets: string[]}} run the generated side file */
  constructor(run) {
    this.#run = run;
  }

  /** Asks the tool workers for the session; one of them holds it. */
  async open({ session: key, ...opening }) {
    const replies = await Promise.all(
      this.#run.toolSockets.map((address) =>
        this.#socket(address).request({ op: "session", token: this.#run.fleetToken, session: key }),
      ),
    );
    const reply = replies.find(({ ok }) => ok);
    if (reply === undefined) {
      throw new Error(
        `no tool worker knows session ${key}: ${replies.map(({ message }) => message).join("; ")}`,
      );
    }
    const session = new Session(reply, opening);
    this.#byKey.set(key, session);
    return session;
  }

  /** @param {string} key attempt key, or OpenClaw's `agent:<agent>:<attempt key>` */
  get(key) {
    const session = this.#byKey.get(key.replace(/^agent:[^:]+:/, ""));
    if (session === undefined) throw new Error(`session ${key} was not opened`);
    return session;
  }

  /** OpenClaw's stream hook sees only its own session id. */
  identify(sessionId, sessionKey) {
    const session = this.get(sessionKey);
    this.#bySessionId.set(sessionId, session);
    return session;
  }

  byId(sessionId) {
    const session = this.#bySessionId.get(sessionId);
    if (session === undefined) throw new Error(`OpenClaw session ${sessionId} belongs to no opened session`);
    return session;
  }

  close(key) {
    const session = this.#byKey.get(key);
    this.#byKey.delete(key);
    for (const [id, known] of this.#bySessionId) if (known === session) this.#bySessionId.delete(id);
  }

  /**
   * Executes one tool call at the worker that holds the episode and resolves with the content for the model. The model
   * sees a failed tool as `Error: …` content, as in tau2. Rejects when the tool server refused or is gone; the turn is
   * then over.
   */
  async call(session, { toolCallId, name, params }) {
    const call = session.callOf(toolCallId);
    const argumentsText = call?.arguments ?? JSON.stringify(params);
    const { socket, token } = session.reply;
    let reply;
    try {
      reply = await this.#socket(socket).request({
        op: "call",
        token,
        name,
        arguments: argumentsText,
        toolCallId,
      });
    } catch (error) {
      session.fail("tool_transport", error.message);
      throw error;
    }
    if (!reply.ok) {
      session.fail(`tool_${reply.code}`, reply.message);
      throw new Error(reply.message);
    }
    if (call !== undefined) call.result = reply.content;
    return reply.content;
  }

  #socket(address) {
    const known = this.#sockets.get(address) ?? new ToolSocket(address);
    this.#sockets.set(address, known);
    return known;
  }
}
