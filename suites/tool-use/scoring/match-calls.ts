import type { ExpectedCall, WrittenRecord, WrittenValue, Tolerance, ToolUseCase } from "../contract/case.ts";
import type { MadeCall, ParameterFacts } from "../contract/made-call.ts";
import { parseArguments } from "../contract/parse-json.ts";
import { bestPairs } from "./best-pairs.ts";
import { fieldsOf } from "./compare.ts";

/** What the parameters of one call are worth. */
export interface ParameterCount {
  readonly right: number;
  readonly total: number;
  /** Names of those that are wrong, missing, or not asked for. */
  readonly wrong: readonly string[];
}

/** An expected call, and the call that was made for it; null: none was. */
export interface MatchedCall {
  readonly expected: ExpectedCall;
  readonly at: number | null;
  readonly parameters: ParameterCount | null;
}

export interface CallMatch {
  readonly matched: readonly MatchedCall[];
  /** Positions of calls that nothing asked for and that no tool error explains. */
  readonly extra: readonly number[];
  /** Whether the expected calls were made, right and with the outcome that they were to have, in the order that is asked for. */
  readonly inFull: boolean;
}

export type FactsOf = (tool: string) => ParameterFacts;

/**
 * Which made call is which expected one. Tools must be the same; of all ways to pair them that with most pairs counts, and
 * of those that with most right parameters: whoever made a call twice, or in another order, is not blamed for our choice.
 */
export function matchCalls(
  task: Pick<ToolUseCase, "expected" | "allowed" | "inOrder" | "tolerance">,
  made: readonly MadeCall[],
  factsOf: FactsOf,
): CallMatch {
  const { expected, allowed, tolerance } = task;
  const counts = expected.map((wanted) =>
    made.map((call) =>
      call.name === wanted.tool
        ? countParameters(wanted, call, { tolerance, facts: factsOf(call.name) })
        : null,
    ),
  );
  const places = bestPairs(
    counts.map((row, wanted) => row.map((count, at) => worth(count, expected[wanted], made[at]))),
  );
  const matched = expected.map((wanted, index): MatchedCall => {
    const at = places[index] ?? null;
    return { expected: wanted, at, parameters: at === null ? null : (counts[index]?.[at] ?? null) };
  });
  const extra = [...made.entries()].flatMap(([at, { name, outcome }]) =>
    places.includes(at) || allowed.includes(name) || outcome === "injected" ? [] : [at],
  );
  const isDone = (wanted: number, at: number) => {
    const count = counts[wanted]?.[at] ?? null;
    return count !== null && count.wrong.length === 0 && hasOutcome(expected[wanted], made[at]);
  };
  return {
    matched,
    extra,
    inFull: isInFull(expected.length, made.length, { isDone, inOrder: task.inOrder }),
  };
}

function hasOutcome(wanted: ExpectedCall | undefined, call: MadeCall | undefined): boolean {
  return call?.outcome === (wanted?.fails === true ? "failed" : "ok");
}

/** A pair first, then its right parameters, then the outcome that was asked for. */
function worth(
  count: ParameterCount | null,
  wanted: ExpectedCall | undefined,
  call: MadeCall | undefined,
): number | null {
  if (count === null) return null;
  const share = count.total === 0 ? 1 : count.right / count.total;
  return 1000 + 100 * share + (hasOutcome(wanted, call) ? 1 : 0);
}

/** Each parameter that is expected or given. Arguments that are no object have none right. */
export function countParameters(
  { tool: _tool, params }: ExpectedCall,
  { argumentsText }: Pick<MadeCall, "argumentsText">,
  { tolerance, facts }: { readonly tolerance: Tolerance; readonly facts: ParameterFacts },
): ParameterCount {
  const given = parseArguments(argumentsText);
  const wanted = withoutDefaults(asKinds(params, facts), facts);
  if (given === null) {
    const names = Object.keys(wanted);
    return {
      right: 0,
      total: Math.max(1, names.length),
      wrong: names.length === 0 ? ["(arguments)"] : names,
    };
  }
  const fields = fieldsOf(wanted, withoutDefaults(given, facts), tolerance);
  const wrong = fields.flatMap(({ name, right }) => (right ? [] : [name]));
  return { right: fields.length - wrong.length, total: fields.length, wrong };
}

/** A plain text that is expected of a path or of a file's content is compared as one. */
function asKinds(params: WrittenRecord, { kinds }: ParameterFacts): WrittenRecord {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]): [string, WrittenValue] => {
      const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
      return [name, kind !== undefined && typeof value === "string" ? { [kind]: value } : value];
    }),
  );
}

/** Who writes a default out says the same as who leaves it. */
function withoutDefaults(values: WrittenRecord, { defaults }: ParameterFacts): WrittenRecord {
  return Object.fromEntries(
    Object.entries(values).filter(
      ([name, value]) => !Object.hasOwn(defaults, name) || defaults[name] !== value,
    ),
  );
}

interface Completeness {
  readonly isDone: (wanted: number, made: number) => boolean;
  readonly inOrder: boolean;
}

function isInFull(wanted: number, made: number, { isDone, inOrder }: Completeness): boolean {
  if (!inOrder) {
    const rows = Array.from({ length: wanted }, (_, row) =>
      Array.from({ length: made }, (_unused, column) => (isDone(row, column) ? 1 : null)),
    );
    return bestPairs(rows).every((place) => place !== null);
  }
  let next = 0;
  for (let at = 0; at < made && next < wanted; at++) if (isDone(next, at)) next += 1;
  return next === wanted;
}
