import { ConfigError } from "../../errors.ts";

interface ReferenceContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of the run's beginning, for `${now:…}`. */
  readonly at: Date;
  /** All settings, for `${base_model}`. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * Replaces what OmegaConf replaces in texts: `${oc.env:NAME}`, `${oc.env:NAME,default}`, `${now:%Y%m%d}`, `${key}`; and
 * `${NAME}`, `${NAME:-default}` as in every other file of Tollgate. Once: a value is data.
 * @throws {ConfigError} for a variable that is not set, and for a resolver that is not known
 */
export function withReferences(value: unknown, context: ReferenceContext): unknown {
  if (typeof value === "string") return referenced(value, context);
  if (Array.isArray(value)) return value.map((item) => withReferences(item, context));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withReferences(item, context)]));
}

const reference = /\$\{([^${}]*)\}/g;

function referenced(text: string, context: ReferenceContext): string {
  return text.replaceAll(reference, (whole, inside: string) => {
    const [, resolver, given] = /^(oc\.env|now):(.*)$/s.exec(inside) ?? [];
    if (resolver === "now") return timeText(given ?? "", context.at);
    if (resolver === "oc.env") {
      const [name = "", ...fallback] = (given ?? "").split(",");
      return variable(
        whole,
        name.trim(),
        fallback.length === 0 ? undefined : fallback.join(",").trim(),
        context,
      );
    }
    const [, name, fallback] = /^(\w+)(?::-(.*))?$/s.exec(inside) ?? [];
    const setting = context.settings[inside];
    if (typeof setting === "string" || typeof setting === "number") return String(setting);
    if (name !== undefined) return variable(whole, name, fallback, context);
    throw new ConfigError(
      `${whole} is not understood. Known are \${oc.env:NAME}, \${now:%Y%m%d} and the name of a setting or of an environment variable.`,
    );
  });
}

// oxlint-disable-next-line max-params -- the reference as it was written, and its parts
function variable(
  whole: string,
  name: string,
  fallback: string | undefined,
  { environment }: ReferenceContext,
): string {
  const found = environment[name] ?? fallback;
  if (found !== undefined) return found;
  throw new ConfigError(`${whole} cannot be used: environment variable ${name} is not set.`);
}

/** The marks of strftime that names of folders are made of; others stay as they are. */
function timeText(format: string, at: Date): string {
  const [day = "", time = ""] = at.toISOString().split("T");
  const [year = "", month = "", date = ""] = day.split("-");
  const [hour = "", minute = "", second = ""] = time.replace(/\..*$/, "").split(":");
  const parts: Readonly<Record<string, string>> = {
    Y: year,
    m: month,
    d: date,
    H: hour,
    M: minute,
    S: second,
    y: year.slice(2),
    "%": "%",
  };
  return format.replaceAll(/%([A-Za-z%])/g, (whole, mark: string) => parts[mark] ?? whole);
}
