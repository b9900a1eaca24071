import { z } from "zod";

/**
 * Frames between a tool client (the OpenClaw plugin, the native agent, the workload) and the tool server:
 * one JSON object per line, UTF-8, `\n`. A request carries an `id`; its reply carries the same.
 */
const base = { id: z.union([z.number(), z.string()]), token: z.string() };

export const toolRequestSchema = z.discriminatedUnion("op", [
  /** Liveness and identity of the worker. Token: the fleet's. */
  z.object({ ...base, op: z.literal("hello") }),
  /** What an agent process must know about an episode. Token: the fleet's. `session` is the agent program's session key. */
  z.object({ ...base, op: z.literal("session"), session: z.string() }),
  /** Executes a tool. Token: the episode's agent token (requestor assistant) or user token (requestor user). */
  z.object({
    ...base,
    op: z.literal("call"),
    name: z.string(),
    /** The argument text exactly as the model wrote it. */
    arguments: z.string(),
    toolCallId: z.string().optional(),
    /** The model request whose answer asked for the call. Calls of one request are one tool round of the step limit. */
    requestId: z.string().optional(),
  }),
  /** Hashes of the databases and call counts. Token: either of the episode's. */
  z.object({ ...base, op: z.literal("state") }),
]);
export type ToolRequest = z.infer<typeof toolRequestSchema>;

export const sessionReplySchema = z.object({
  id: z.union([z.number(), z.string()]),
  ok: z.literal(true),
  episodeId: z.string(),
  attemptKey: z.string(),
  /** Token for `call`. */
  token: z.string(),
  /** Unix socket path (or `host:port`) of the worker that holds the episode. */
  socket: z.string(),
  /** The system message, exactly. */
  policy: z.string(),
  /** JSON text of the OpenAI tools array, exactly. */
  tools: z.string(),
  /** Where the model requests of this session go, with what headers. */
  baseUrl: z.string(),
  headers: z.record(z.string(), z.string()),
  /** Fields that must be in every request body: temperature, top_p, top_k, max_tokens, seed. */
  sampling: z.record(z.string(), z.number()),
  prompt: z.enum(["exact", "stock"]),
  /** Assistant message that precedes the first user turn. */
  greeting: z.string().nullish(),
});
export type SessionReply = z.infer<typeof sessionReplySchema>;

export const callReplySchema = z.object({
  id: z.union([z.number(), z.string()]),
  ok: z.literal(true),
  content: z.string(),
  error: z.boolean(),
});
export type CallReply = z.infer<typeof callReplySchema>;

export const helloReplySchema = z.object({
  id: z.union([z.number(), z.string()]),
  ok: z.literal(true),
  /** 0-based number of the worker, and how often its thread was replaced. */
  worker: z.number(),
  generation: z.number(),
  pid: z.number(),
  /** Episodes open on this worker. */
  episodes: z.number(),
});
export type HelloReply = z.infer<typeof helloReplySchema>;

export const callCountsSchema = z.object({
  agentCalls: z.number(),
  userCalls: z.number(),
  /** Calls of either side whose result was an error. */
  errors: z.number(),
  /** Calls that were not executed: past a limit or past their deadline. */
  refused: z.number(),
  /** Steps so far: 2 per round of agent calls, plus what the harness added. */
  steps: z.number(),
  /** The limit that is reached; further calls are refused. */
  limit: z.enum(["max_steps", "too_many_errors"]).nullable(),
});
export type CallCounts = Readonly<z.infer<typeof callCountsSchema>>;

export const stateReplySchema = z.object({
  id: z.union([z.number(), z.string()]),
  ok: z.literal(true),
  agentHash: z.string(),
  userHash: z.string().nullable(),
  counts: callCountsSchema,
});
export type StateReply = z.infer<typeof stateReplySchema>;

/** A request that could not be carried out; the connection lives on. */
export const errorReplySchema = z.object({
  id: z.union([z.number(), z.string()]).nullable(),
  ok: z.literal(false),
  /** Stable word: `bad-token`, `unknown-op`, `malformed`, `oversize`, `unknown-session`, `limit`, `deadline`, `closed`, `internal`. */
  code: z.string(),
  message: z.string(),
});
export type ErrorReply = z.infer<typeof errorReplySchema>;
