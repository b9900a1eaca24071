import { z } from "zod";
import { armSchema } from "../../config/arm-schema.ts";
import { comparePair } from "../../fidelity/compare-pair.ts";
import { shownValue, type Alteration, type Comparison, type Place } from "../../fidelity/difference.ts";
import { countEndings } from "../../fidelity/endings.ts";
import { parseExact } from "../../fidelity/exact-json.ts";
import { isDeclared, rewritesOf } from "../../fidelity/rewrites.ts";
import { Tally } from "../../fidelity/tally.ts";
import { readAnswer } from "../../answer/read-answer.ts";
import { messageOf } from "../../errors.ts";
import type { RunJson } from "../../store/run-json.ts";
import type { FidelityFinding } from "../../store/fidelity-facts.ts";
import { isGenerationRequest } from "../../workload/exchange.ts";
import type { TappedExchange, SeenRequest } from "./episode-requests.ts";
import type { BodiesOf } from "./request-bodies.ts";

/** What an arm made of one request of the agent. */
export interface PathChange {
  readonly request: SeenRequest;
  /** Places of the request or the answer that are not the same on both sides, whole values where they are known. */
  readonly altered: readonly ShownAlteration[];
  /** Other spellings of the same thing. */
  readonly forms: readonly string[];
  /** Failures that were hidden or made, and repeated requests. */
  readonly endings: readonly Pick<FidelityFinding, "kind" | "what">[];
  /** Why it was not compared, or not wholly; none where it was. */
  readonly unknown: readonly string[];
}

export interface ShownAlteration {
  readonly side: "request" | "answer";
  /** The experiment or the kind of arm says that it does this. */
  readonly declared: boolean;
  readonly what: string;
  /** null: absent there. */
  readonly before: string | null;
  readonly after: string | null;
}

const armsSchema = z.object({ arms: z.array(z.looseObject({ name: z.string() })).default([]) });

/** Places that an arm of this run rewrites by design. */
export function declaredRewrites(identity: RunJson, arm: string): readonly string[] {
  const specs = armsSchema.safeParse(identity.resolved).data?.arms ?? [];
  const spec = armSchema.safeParse(specs.find(({ name }) => name === arm)).data;
  return spec === undefined ? [] : rewritesOf(spec);
}

/** Compares both sides of the arm for each request of the agent for an answer. Pure. */
export function pathChanges(
  requests: readonly SeenRequest[],
  bodies: BodiesOf,
  rewrites: readonly string[],
): readonly PathChange[] {
  return requests
    .filter(({ side, outer }) => side === "agent" && isGenerationRequest(outer))
    .map((request) => changeOf(request, bodies, rewrites));
}

function changeOf(request: SeenRequest, bodies: BodiesOf, rewrites: readonly string[]): PathChange {
  const { outer, inner } = request;
  const tally = new Tally(rewrites);
  if (inner.length > 0) countEndings(tally, { outer, inner });
  const endings = tally.facts(outer.arm).findings.map(({ kind, what }) => ({ kind, what }));
  const base = { request, endings, altered: [], forms: [] };
  const answering = answeringOf(request);
  if (answering === undefined)
    return { ...base, unknown: ["which request to the engine it was is not known, or none was seen"] };
  const [before, after] = [bodies.get(outer), bodies.get(answering)];
  if (before === undefined || after === undefined)
    return { ...base, unknown: ["the bodies of both sides were not recorded"] };
  const compared = comparePair({ outer, inner: answering }, [before, after]);
  const places = valuesOf(before.requestBody, after.requestBody);
  const answers = answerValues(before.responseBody, after.responseBody);
  return {
    ...base,
    altered: [
      ...shownAlterations("request", compared.request, { rewrites, valueAt: places }),
      ...shownAlterations("answer", compared.answer ?? none, { rewrites, valueAt: answers }),
    ],
    forms: [...compared.request.forms, ...(compared.answer ?? none).forms],
    unknown: [
      ...compared.request.unknown,
      ...(compared.answer === null ? ["its answer is not complete on both sides"] : compared.answer.unknown),
    ],
  };
}

const none: Comparison = { differences: [], forms: [], unknown: [] };

/** Of several requests to the engine the one that was answered last. */
export function answeringOf({ inner }: SeenRequest): TappedExchange | undefined {
  return inner.findLast(({ outcome, status }) => outcome === "completed" && status === 200) ?? inner.at(-1);
}

/** Whole values where a difference is; null where they are not known to be those of the difference. */
type ValueAt = (
  difference: Alteration,
) => { readonly before: string | null; readonly after: string | null } | null;

function shownAlterations(
  side: ShownAlteration["side"],
  { differences }: Comparison,
  { rewrites, valueAt }: { readonly rewrites: readonly string[]; readonly valueAt: ValueAt },
): readonly ShownAlteration[] {
  return differences.map((alteration: Alteration): ShownAlteration => {
    const { place, what, before, after } = alteration;
    const whole = valueAt(alteration);
    const equal = whole !== null && whole.before === whole.after;
    return {
      side,
      declared: isDeclared(place, rewrites),
      what,
      ...(whole === null || equal ? { before, after } : whole),
    };
  });
}

/** Whole values at a place of two JSON texts. */
function valuesOf(sent: string, received: string): ValueAt {
  const [before, after] = [exactJson(sent), exactJson(received)];
  if (typeof before === "string" || typeof after === "string") return () => null;
  return (difference) => {
    const [one, other] = [memberAt(before, difference.place), memberAt(after, difference.place)];
    // A limit has two names, and in lists of which one is longer the same thing stands at other places.
    if (!agrees(one, difference.before) || !agrees(other, difference.after)) return null;
    return { before: valueText(one), after: valueText(other) };
  };
}

/** Whether a value is the one that the comparison shows, which may be shortened. */
function agrees(value: unknown, shown: string | null): boolean {
  if (shown === null) return value === undefined || value === null;
  if (value === undefined) return false;
  const part = shown.replaceAll(/^…|…$/g, "");
  return shownValue(value) === shown || (typeof value === "string" && value.includes(part));
}

function exactJson(text: string): object | string {
  try {
    const value = parseExact(text);
    return typeof value === "object" && value !== null ? value : "no object";
  } catch (error) {
    return messageOf(error);
  }
}

function memberAt(value: unknown, place: Place): unknown {
  let member = value;
  for (const part of place) {
    if (typeof member !== "object" || member === null || !Object.hasOwn(member, part)) return undefined;
    member = (member as Readonly<Record<string | number, unknown>>)[part];
  }
  return member;
}

function valueText(value: unknown): string | null {
  if (value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/** The engine's answer is before, what left the arm is after. */
function answerValues(left: string, engine: string): ValueAt {
  const [before, after] = [readAnswer(engine), readAnswer(left)];
  return ({ place: [, name = ""] }) => {
    if (name === "text" || name === "reasoning")
      return { before: before[name] || null, after: after[name] || null };
    if (name !== "calls") return null;
    const text = (calls: typeof before.calls) =>
      calls.length === 0
        ? null
        : calls.map(({ name, argumentsText }) => `${name}(${argumentsText})`).join("\n");
    return { before: text(before.calls), after: text(after.calls) };
  };
}
