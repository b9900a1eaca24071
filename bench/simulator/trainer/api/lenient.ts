import { z } from "zod";

type Refusal = Readonly<Record<string, unknown>> & { readonly type: string; readonly msg: string };

/** Fields of the refusal are the issue's parameters. */
function refused(context: z.RefinementCtx, { msg, ...params }: Refusal): never {
  context.addIssue({ code: "custom", message: msg, params });
  return z.NEVER;
}

const pythonInt = /^\s*[+-]?\d+(?:_\d+)*(?:\.0*)?\s*$/u;
const pythonFloat = /^\s*[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)\s*$/iu;

/** Numbers and truth values as pydantic takes them, in texts too, with its own refusals. */
export const lenientInt = z.unknown().transform((value, context): number => {
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "number") {
    const msg = "Input should be a valid integer, got a number with a fractional part";
    return Number.isInteger(value) ? value : refused(context, { type: "int_from_float", msg });
  }
  if (typeof value !== "string")
    return refused(context, { type: "int_type", msg: "Input should be a valid integer" });
  const msg = "Input should be a valid integer, unable to parse string as an integer";
  return pythonInt.test(value)
    ? Number(value.replaceAll("_", ""))
    : refused(context, { type: "int_parsing", msg });
});

export const lenientFloat = z.unknown().transform((value, context): number => {
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "number") return value;
  if (typeof value !== "string")
    return refused(context, { type: "float_type", msg: "Input should be a valid number" });
  const msg = "Input should be a valid number, unable to parse string as a number";
  if (!pythonFloat.test(value)) return refused(context, { type: "float_parsing", msg });
  return Number(value.toLowerCase().replace(/inf(inity)?/u, "Infinity"));
});

const truths = new Map([
  ...["1", "on", "t", "true", "y", "yes"].map((word) => [word, true] as const),
  ...["0", "off", "f", "false", "n", "no"].map((word) => [word, false] as const),
]);

export const lenientBool = z.unknown().transform((value, context): boolean => {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string" && typeof value !== "number")
    return refused(context, { type: "bool_type", msg: "Input should be a valid boolean" });
  const msg = "Input should be a valid boolean, unable to interpret input";
  return truths.get(String(value).toLowerCase()) ?? refused(context, { type: "bool_parsing", msg });
});

/** A whole number within bounds. */
export function lenientIntWithin(minimum: number, maximum: number) {
  return lenientInt.transform((value, context): number => {
    const bound = (word: string, limit: number) => `Input should be ${word} than or equal to ${limit}`;
    if (value < minimum)
      return refused(context, {
        type: "greater_than_equal",
        msg: bound("greater", minimum),
        ctx: { ge: minimum },
      });
    if (value <= maximum) return value;
    return refused(context, { type: "less_than_equal", msg: bound("less", maximum), ctx: { le: maximum } });
  });
}
