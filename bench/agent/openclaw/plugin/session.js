import { completeResults, exactMessages, exactTools, pinned } from "./exact-body.js";
import { OwnCalls } from "./workspace/own-calls.js";
import { tapped } from "./stream-tap.js";

/** What the plugin knows about one OpenClaw session, and the rewriting of its model requests. */
export class Session {
  /** @param {object} reply the tool server's answer to `session`; @param {object} opening what the driver adds */
  constructor(reply, opening) {
    this.reply = reply;
    this.key = opening.session;
    this.workspace = opening.workspace;
    this.exact = reply.prompt === "exact" && this.workspace === undefined;
    /** Without a workspace OpenClaw's own tools do nothing here, and nobody would take what is kept. */
    this.ownCalls = this.workspace === undefined ? null : new OwnCalls();
    /** OpenClaw's browser tool, where the session's task asks for one. */
    this.browser = null;
    this.tools = JSON.parse(reply.tools);
    this.model = opening.model;
    this.apiKey = opening.apiKey;
    this.greeting = opening.greeting;
    this.history = [];
    this.requests = 0;
    this.misses = [];
    this.failure = null;
  }

  beginTurn({ text }) {
    this.history.push({ role: "user", text });
    this.failure = null;
  }

  /** What the driver asks for after a turn; `answer` is null when the model has not answered this turn with text. */
  outcome() {
    const last = this.history.at(-1);
    const answer = last?.role === "assistant" && last.calls.length === 0 ? last.text : null;
    return { answer, failure: this.failure, requests: this.requests, misses: this.misses.length };
  }

  callOf(toolCallId) {
    return this.history.at(-1)?.calls?.find((call) => call.id === toolCallId);
  }

  /** Only the first failure of a turn tells what happened; later ones follow from it. */
  fail(kind, message) {
    this.failure ??= { kind, message };
  }

  /** Runs one model request of this session through OpenClaw's own transport. */
  stream(streamFn, [model, context, options]) {
    const refusal = this.refusal();
    if (refusal === null) this.requests += 1;
    const onPayload = async (payload, payloadModel) => {
      // The only place where a request can still be stopped; OpenClaw ends the run with this message.
      if (refusal !== null) throw new Error(refusal);
      const theirs = (await options.onPayload?.(payload, payloadModel)) ?? payload;
      return this.body(theirs);
    };
    const routed = { ...options, onPayload, headers: { ...options.headers, ...this.headers() } };
    const result = streamFn({ ...model, baseUrl: this.reply.baseUrl }, context, routed);
    return typeof result?.then === "function"
      ? result.then((stream) => tapped(stream, this))
      : tapped(result, this);
  }

  /**
   * Why no further request may be sent in this turn, or null. OpenClaw asks again, with words of its own, after
   * malformed tool arguments (three times), an empty completion and a reply it takes for silence; tau2 never does.
   */
  refusal() {
    if (!this.exact) return null;
    if (this.failure !== null) return this.failure.message;
    return this.outcome().answer === null ? null : "the turn already has its answer";
  }

  /** Identity of the latest model request. */
  get requestId() {
    return `${this.reply.attemptKey}-${this.requests}`;
  }

  headers() {
    const given = Object.entries(this.reply.headers).map(([name, value]) => [name.toLowerCase(), value]);
    return {
      authorization: `Bearer ${this.apiKey}`,
      "x-tollgate-episode": this.reply.episodeId,
      "x-tollgate-attempt": this.reply.attemptKey,
      ...Object.fromEntries(given),
      "x-tollgate-request": this.requestId,
    };
  }

  body(payload) {
    const body = pinned(payload, { model: this.model, sampling: this.reply.sampling });
    if (!this.exact) {
      this.ownCalls?.answeredIn(body.messages);
      return body;
    }
    const misses = completeResults(this.history, payload.messages);
    this.misses.push(...misses);
    const { greeting, history } = this;
    const messages = exactMessages({ policy: this.reply.policy, greeting, history });
    return exactTools({ ...body, messages }, this.tools);
  }

  answered({ text, calls }) {
    if (text === "" && calls.length === 0) {
      this.fail("incomplete_turn", "the model answered with neither text nor a tool call");
      return;
    }
    // With OpenClaw's own retries in stock mode, an answer after a failure means the failure was overcome.
    this.failure = null;
    this.history.push({ role: "assistant", text, calls });
    this.ownCalls?.asked(calls);
  }

  failed(message, aborted) {
    if (this.refusal() === null) this.fail(aborted ? "aborted" : "model", message);
  }
}
