import { exactMessages, exactTools, pinned } from "./exact-body.js";
import { tapped } from "./stream-tap.js";

/** What the plugin knows about one OpenClaw session, and the rewriting of its model requests. */
export class Session {
  /** @param {object} reply the tool server's answer to `session`; @param {object} opening what the driver adds */
  constructor(reply, opening) {
    this.reply = reply;
    this.tools = JSON.parse(reply.tools);
    this.model = opening.model;
    this.apiKey = opening.apiKey;
    this.record = { policy: reply.policy, greeting: opening.greeting, users: [], answers: [] };
    this.requests = 0;
    this.misses = [];
    this.failure = null;
  }

  beginTurn({ text, sent }) {
    this.record.users.push({ text, sent });
    this.failure = null;
  }

  /** What the driver asks for after a turn. */
  outcome() {
    const answer = this.record.answers.at(-1);
    return { answer: answer ?? null, failure: this.failure, requests: this.requests, misses: this.misses };
  }

  callOf(toolCallId) {
    return this.record.answers.at(-1)?.calls.find((call) => call.id === toolCallId);
  }

  /** First failure of a turn. OpenClaw asks again after some of them, with a changed prompt; see `stream`. */
  fail(kind, message) {
    this.failure ??= { kind, message };
  }

  /** Runs one model request of this session through OpenClaw's own transport. */
  stream(streamFn, [model, context, options]) {
    // After a failed request the turn is over: another one would be a request tau2 would never send.
    const refused = this.failure;
    if (refused === null) this.requests += 1;
    const onPayload = async (payload, payloadModel) => {
      if (refused !== null) throw new Error(refused.message);
      const theirs = (await options.onPayload?.(payload, payloadModel)) ?? payload;
      return this.body(theirs);
    };
    const routed = { ...options, onPayload, headers: { ...options.headers, ...this.headers() } };
    const result = streamFn({ ...model, baseUrl: this.reply.baseUrl }, context, routed);
    return typeof result?.then === "function"
      ? result.then((stream) => tapped(stream, this))
      : tapped(result, this);
  }

  headers() {
    const given = Object.fromEntries(
      Object.entries(this.reply.headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    return {
      authorization: `Bearer ${this.apiKey}`,
      "x-tollgate-episode": this.reply.episodeId,
      "x-tollgate-attempt": this.reply.attemptKey,
      ...given,
      "x-tollgate-request": `${this.reply.attemptKey}-${this.requests}`,
    };
  }

  body(payload) {
    const body = pinned(payload, { model: this.model, sampling: this.reply.sampling });
    if (this.reply.prompt === "stock") return body;
    const { messages, misses } = exactMessages(payload, this.record);
    if (misses.length > 0) this.misses.push(`request ${this.requests}: ${misses.join("; ")}`);
    return exactTools({ ...body, messages }, this.tools);
  }

  answered(answer) {
    this.record.answers.push(answer);
    if (answer.text === "" && answer.calls.length === 0) {
      this.fail("incomplete_turn", "the model answered with neither text nor a tool call");
    }
  }

  failed(message, aborted) {
    this.fail(aborted ? "aborted" : "model", message);
  }
}
