import type { Verdict } from "../../bench/analysis/cell/verdict.ts";

/** A lie by name, and what a report has to say of the arm that tells it. */
export interface Row {
  readonly name: string;
  readonly lie: Lie;
  /** The verdict of its cell; `sound`: none but those of a machine that is busy with other things. */
  readonly verdict: Verdict | "sound";
  /** What the reasons of the cell, or else the report's text about the arm, must name. */
  readonly says: RegExp;
}

/** What a lying gateway does to one request and to its answer. What is not named passes as it came. */
export interface Lie {
  readonly request?: (chat: Chat) => Chat;
  /** To the request's text, where parsing and printing it again would be another lie. */
  readonly text?: (text: string) => string;
  readonly requestHeaders?: (headers: Headers) => Headers;
  readonly answerHeaders?: (headers: Headers) => Headers;
  /** To each event of a streamed answer as it passes. The function is made anew for each answer. */
  readonly events?: () => (chunk: Chunk) => readonly Chunk[];
  /** To the events' text as it passes, `data: ` and line ends included. */
  readonly frames?: () => (frame: string) => string;
  /** Answers itself, with or without the engine; the stream is held back until it is whole. */
  readonly serve?: (asked: Asked) => Promise<Reply>;
  /** Sends every request to the other engine that the program was given. */
  readonly elsewhere?: true;
}

export type Headers = Readonly<Record<string, string>>;

export interface Message {
  readonly role: string;
  readonly content?: unknown;
  readonly tool_calls?: readonly Call[];
  readonly [key: string]: unknown;
}

export interface Call {
  readonly index?: number;
  readonly id?: string | null;
  readonly function?: { readonly name?: string | null; readonly arguments?: string | null };
}

export interface Tool {
  readonly type?: string;
  readonly function: { readonly name: string; readonly description?: string; readonly parameters?: unknown };
}

export interface Chat {
  readonly messages: readonly Message[];
  readonly tools?: readonly Tool[];
  readonly [key: string]: unknown;
}

export interface Delta {
  readonly content?: string | null;
  readonly reasoning_content?: string | null;
  readonly tool_calls?: readonly Call[] | null;
  readonly [key: string]: unknown;
}

export interface Choice {
  readonly index?: number;
  readonly delta?: Delta;
  readonly finish_reason?: string | null;
  readonly [key: string]: unknown;
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens?: number;
  readonly [key: string]: unknown;
}

export interface Chunk {
  readonly choices?: readonly Choice[] | null;
  readonly usage?: Usage | null;
  readonly [key: string]: unknown;
}

export interface Asked {
  /** The number of this request among those that are lied about, from 1 on. */
  readonly count: number;
  readonly chat: Chat;
  readonly text: string;
  /** Sends a request to the engine, this one where no other text is given. */
  readonly ask: (text?: string) => Promise<Reply>;
  /** The same, and hangs up after so many bytes of the answer. */
  readonly askInPart: (bytes: number) => Promise<Reply>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** null: the connection is closed without a word. */
  readonly text: string | null;
  /** The connection is closed after the text, without an end. */
  readonly cut?: true;
}

/** A chat in which one message is another. */
export function withMessages(change: (messages: readonly Message[]) => readonly Message[]) {
  return (chat: Chat): Chat => ({ ...chat, messages: change(chat.messages) });
}

/** A chat in which the texts of the messages of one role are others. */
export function withTexts(role: string, change: (text: string, at: number) => string) {
  return withMessages((messages) =>
    messages.map((message, at) =>
      message.role === role && typeof message.content === "string"
        ? { ...message, content: change(message.content, at) }
        : message,
    ),
  );
}

export function withTools(change: (tools: readonly Tool[]) => readonly Tool[]) {
  return ({ tools, ...chat }: Chat): Chat => (tools === undefined ? chat : { ...chat, tools: change(tools) });
}

/** A chat in which the text of the arguments of every earlier call is another. */
export function withCalls(change: (call: Call) => Call) {
  return withMessages((messages) =>
    messages.map((message) =>
      message.tool_calls === undefined ? message : { ...message, tool_calls: message.tool_calls.map(change) },
    ),
  );
}

export const without =
  (...names: readonly string[]) =>
  (chat: Chat): Chat =>
    Object.fromEntries(Object.entries(chat).filter(([name]) => !names.includes(name))) as unknown as Chat;

export const also =
  (fields: Readonly<Record<string, unknown>>) =>
  (chat: Chat): Chat => ({ ...chat, ...fields });

/** Each chunk with another delta. */
export function withDeltas(change: (delta: Delta) => Delta) {
  return () =>
    (chunk: Chunk): readonly Chunk[] => [
      {
        ...chunk,
        choices: (chunk.choices ?? []).map((choice) =>
          choice.delta === undefined ? choice : { ...choice, delta: change(choice.delta) },
        ),
      },
    ];
}

export const withContent = (change: (text: string) => string) =>
  withDeltas((delta) => (delta.content ? { ...delta, content: change(delta.content) } : delta));

export const withArguments = (change: (text: string) => string) =>
  withDeltas((delta) =>
    delta.tool_calls
      ? {
          ...delta,
          tool_calls: delta.tool_calls.map((call) => ({
            ...call,
            function: { ...call.function, arguments: change(call.function?.arguments ?? "") },
          })),
        }
      : delta,
  );

export function withFinish(change: (reason: string) => string | null) {
  return () =>
    (chunk: Chunk): readonly Chunk[] => [
      {
        ...chunk,
        choices: (chunk.choices ?? []).map((choice) =>
          choice.finish_reason ? { ...choice, finish_reason: change(choice.finish_reason) } : choice,
        ),
      },
    ];
}

export function withUsage(change: (usage: Usage) => Usage | null) {
  return () =>
    (chunk: Chunk): readonly Chunk[] => [chunk.usage ? { ...chunk, usage: change(chunk.usage) } : chunk];
}

/** An answer whose calls have other ids, as gateways do that number calls themselves. */
export const withCallIds = (change: (id: string) => string) =>
  withDeltas((delta) => ({
    ...delta,
    ...(delta.tool_calls && {
      tool_calls: delta.tool_calls.map((call) => (call.id ? { ...call, id: change(call.id) } : call)),
    }),
  }));
