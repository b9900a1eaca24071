import { z } from "zod";
import { below, exponential, normal, type Rng } from "../statistics/rng.ts";

const ms = z.number().min(0);

/**
 * How long the delay gateway holds a request, in milliseconds. `load`, `body` and `turn` follow from the request; the
 * others are drawn for each. `pareto` has its minimum at `scaleMs` and an infinite variance below `tail` 2; `capMs` ends it.
 */
export const delayShapeSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("fixed"), ms }),
  z.object({ kind: z.literal("uniform"), lowMs: ms, highMs: ms }),
  z.object({ kind: z.literal("lognormal"), medianMs: ms, sigma: z.number().min(0), capMs: ms }),
  z.object({ kind: z.literal("pareto"), scaleMs: ms, tail: z.number().positive(), capMs: ms }),
  z.object({ kind: z.literal("load"), baseMs: ms, perRequestMs: ms }),
  z.object({ kind: z.literal("body"), baseMs: ms, perKilobyteMs: ms }),
  z.object({ kind: z.literal("turn"), baseMs: ms, perTurnMs: ms }),
]);
export type DelayShape = z.infer<typeof delayShapeSchema>;

/**
 * Where the gateway waits. `request`: before it passes the request on, so everything is later. `first-byte`: before it
 * passes on the head of the answer; what follows waits behind it. `token`: before each chunk behind the first generated text.
 */
export const delayPlaces = ["request", "first-byte", "token"] as const;
export type DelayPlace = (typeof delayPlaces)[number];

/** What a delay may depend on. */
export interface DelayedRequest {
  /** Requests inside the gateway, this one included. */
  readonly inFlight: number;
  readonly bodyBytes: number;
  /** Answers that the conversation in the body holds already: 0 for its first request. */
  readonly turn: number;
}

/** One delay in milliseconds. */
export function drawDelayMs(shape: DelayShape, request: DelayedRequest, rng: Rng): number {
  switch (shape.kind) {
    case "fixed":
      return shape.ms;
    case "uniform":
      return shape.lowMs + (shape.highMs - shape.lowMs) * rng.next();
    case "lognormal":
      return Math.min(shape.capMs, shape.medianMs * Math.exp(shape.sigma * normal(rng)));
    case "pareto":
      return Math.min(shape.capMs, shape.scaleMs * Math.exp(exponential(rng, 1 / shape.tail)));
    case "load":
      return shape.baseMs + shape.perRequestMs * (request.inFlight - 1);
    case "body":
      return shape.baseMs + (shape.perKilobyteMs * request.bodyBytes) / 1000;
    case "turn":
      return shape.baseMs + shape.perTurnMs * request.turn;
  }
}

/** What a gateway does to requests. */
export interface DelayPlan {
  readonly shape: DelayShape;
  readonly place: DelayPlace;
}

/** Chunks of an answer that a delay at `token` may hold, about. */
const heldChunks = 6;

/** A plan that nobody chose: any shape at any place, with a mean of about 0 to 10 ms in all. */
export function drawDelayPlan(rng: Rng): DelayPlan {
  const place = delayPlaces[below(rng, delayPlaces.length)] ?? "request";
  const meanMs = (10 * rng.next()) / (place === "token" ? heldChunks : 1);
  const half = meanMs / 2;
  const shapes: readonly DelayShape[] = [
    { kind: "fixed", ms: meanMs },
    { kind: "uniform", lowMs: 0, highMs: 2 * meanMs },
    { kind: "lognormal", medianMs: half, sigma: 0.5 + rng.next(), capMs: 10 * meanMs },
    { kind: "pareto", scaleMs: half, tail: 1.5 + rng.next(), capMs: 10 * meanMs },
    { kind: "load", baseMs: half, perRequestMs: half },
    { kind: "body", baseMs: half, perKilobyteMs: half },
    { kind: "turn", baseMs: half, perTurnMs: half },
  ];
  return { place, shape: shapes[below(rng, shapes.length)] ?? { kind: "fixed", ms: meanMs } };
}

/** e.g. `fixed 3 ms`, for tables. */
export function delayText({ shape, place }: DelayPlan): string {
  return `${shapeText(shape)}${place === "request" ? "" : `, at ${place}`}`;
}

function shapeText(shape: DelayShape): string {
  switch (shape.kind) {
    case "fixed":
      return `fixed ${short(shape.ms)} ms`;
    case "uniform":
      return `uniform ${short(shape.lowMs)} to ${short(shape.highMs)} ms`;
    case "lognormal":
      return `lognormal, median ${short(shape.medianMs)} ms, sigma ${short(shape.sigma)}`;
    case "pareto":
      return `Pareto from ${short(shape.scaleMs)} ms, tail ${short(shape.tail)}`;
    case "load":
      return `${short(shape.baseMs)} ms + ${short(shape.perRequestMs)} per request in flight`;
    case "body":
      return `${short(shape.baseMs)} ms + ${short(shape.perKilobyteMs)} per kB of body`;
    case "turn":
      return `${short(shape.baseMs)} ms + ${short(shape.perTurnMs)} per turn`;
  }
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
