import { Session } from "./session.js";
import { ToolSocket } from "./tool-socket.js";

/** Sessions of one OpenClaw process and its connections to the tool workers. */
export class Sessions {
  #run;
  #byKey = new Map();
  #bySessionId = new Map();
  #sockets = new Map();
  #browserControl;

  /** @param {{fleetToken: string, toolSockets: string[]}} run the generated side file */
  constructor(run) {
    this.#run = run;
  }

  /** Asks the tool workers for the session; one of them holds it, and one that hangs must not matter. */
  async open(opening) {
    const { session: key } = opening;
    const asked = this.#run.toolSockets.map((address) => this.#ask(address, key));
    let reply;
    try {
      reply = await Promise.any(asked);
    } catch (error) {
      const reasons = error.errors.map(({ message }) => message).join("; ");
      throw new Error(`no tool worker knows session ${key}: ${reasons}`, { cause: error });
    }
    const session = new Session(reply, opening);
    if (session.workspace?.browser !== undefined) await this.#giveBrowser(session);
    this.#byKey.set(key, session);
    return session;
  }

  /** OpenClaw's browser control: seconds of a processor, so it is loaded before sessions wait for it, and in no other run. */
  async loadBrowser() {
    this.#browserControl ??= import(this.#run.browserModule);
    await this.#browserControl;
  }

  async #giveBrowser(session) {
    const { SessionBrowser } = await import("./workspace/browser/session-browser.js");
    await this.loadBrowser();
    session.browser = await SessionBrowser.open(await this.#browserControl, session);
  }

  async #ask(address, key) {
    const frame = { op: "session", token: this.#run.fleetToken, session: key };
    const reply = await this.#socket(address).request(frame);
    if (!reply.ok) throw new Error(`${address}: ${reply.message} (${reply.code})`);
    return reply;
  }

  /** @param {string} key attempt key, or OpenClaw's `agent:<agent>:<attempt key>` */
  get(key) {
    const session = this.find(key);
    if (session === undefined) throw new Error(`session ${key} was not opened`);
    return session;
  }

  find(key) {
    return this.#byKey.get(key.replace(/^agent:[^:]+:/, ""));
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

  async close(key) {
    const session = this.#byKey.get(key);
    this.#byKey.delete(key);
    for (const [id, known] of this.#bySessionId) if (known === session) this.#bySessionId.delete(id);
    await session?.browser?.close();
  }

  /**
   * Executes one tool call at the worker that holds the episode and resolves with the content for the model. The model
   * sees a failed tool as `Error: …` content, as in tau2. Rejects when the tool server refused or is gone; the turn is
   * then over.
   */
  async call(session, { toolCallId, name, params, signal }) {
    const call = session.callOf(toolCallId);
    const argumentsText = call?.arguments ?? JSON.stringify(params);
    const { socket, token } = session.reply;
    const { requestId } = session;
    const frame = { op: "call", token, name, arguments: argumentsText, toolCallId, requestId };
    let reply;
    try {
      reply = await this.#socket(socket).request(frame, signal);
    } catch (error) {
      session.fail(signal?.aborted ? "aborted" : "tool_transport", error.message);
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
