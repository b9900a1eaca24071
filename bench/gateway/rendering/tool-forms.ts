import { isRecord, type Message } from "./normalise-messages.ts";

/**
 * What an engine makes of a request's tools before its template sees them. Templates print tools as they are given, so
 * every key, its place and every null is tokens of the prompt.
 */
export interface ToolForm {
  /** Bare: the template gets what stands under `function`. */
  readonly wrapper: "wrapped" | "bare";
  /** Of the keys under `function`. */
  readonly order: "description-first" | "name-first" | "as-sent";
  /** What becomes of a description or parameters that the client left out, or sent as null. */
  readonly absent: "null" | "left-out";
  /** What becomes of `strict` where the client said nothing. */
  readonly strict: "false" | "null" | "left-out";
  /** Whether `defer_loading` is known: then it stands behind the function, also as null. */
  readonly deferLoading: boolean;
  /** Whether keys that OpenAI's API does not know are dropped. */
  readonly unknownKeys: "dropped" | "kept";
}

const sglang = { wrapper: "wrapped", absent: "null", unknownKeys: "dropped" } as const;
const asSent: ToolForm = {
  wrapper: "wrapped",
  order: "as-sent",
  absent: "left-out",
  strict: "left-out",
  deferLoading: false,
  unknownKeys: "kept",
};

/** Forms that have a name, because engines are known to use them. */
const named = {
  "sglang-0.5.23": { ...sglang, order: "as-sent", strict: "left-out", deferLoading: true },
  "sglang-0.5.10": { ...sglang, order: "description-first", strict: "false", deferLoading: false },
  "as-sent": asSent,
} as const satisfies Readonly<Record<string, ToolForm>>;

/** Taken where the engine could not be asked and the user wants to start all the same. */
export const defaultToolForm = "sglang-0.5.23";

const others = (["wrapped", "bare"] as const).flatMap((wrapper) =>
  (["description-first", "name-first", "as-sent"] as const).flatMap((order) =>
    (["null", "left-out"] as const).flatMap((absent) =>
      (["left-out", "false", "null"] as const).flatMap((strict) =>
        (wrapper === "wrapped" ? [false, true] : [false]).map((deferLoading): ToolForm => ({
          wrapper,
          order,
          absent,
          strict,
          deferLoading,
          unknownKeys: "dropped",
        })),
      ),
    ),
  ),
);

const nameOf = ({ wrapper, order, absent, strict, deferLoading, unknownKeys }: ToolForm) =>
  [
    wrapper,
    order,
    `absent-${absent}`,
    `strict-${strict}`,
    ...(deferLoading ? ["defer"] : []),
    unknownKeys,
  ].join("/");

const known = new Set(Object.values<ToolForm>(named).map(nameOf));
const forms: ReadonlyMap<string, ToolForm> = new Map<string, ToolForm>([
  ...Object.entries(named),
  ...[...others, { ...asSent, wrapper: "bare" as const }]
    .map((form) => [nameOf(form), form] as const)
    .filter(([name]) => !known.has(name)),
]);

/** Names of all forms, those that engines are known to use first. A name says all of its form, so it can be stored. */
export const toolFormNames: readonly string[] = [...forms.keys()];

export const isToolForm = (name: string): boolean => forms.has(name);

/**
 * Tools as a template gets them.
 * @param name of a form; one that is not known counts as the default
 */
export function shapedTools(tools: readonly unknown[], name: string): Message[] {
  const form = forms.get(name) ?? named[defaultToolForm];
  return tools.filter(isRecord).map((tool) => shaped(tool, form));
}

function shaped(tool: Message, form: ToolForm): Message {
  const fields = isRecord(tool["function"]) ? tool["function"] : {};
  if (form.unknownKeys === "kept") return form.wrapper === "bare" ? fields : tool;
  const inner = shapedFunction(fields, tool, form);
  if (form.wrapper === "bare") return inner;
  return {
    type: tool["type"] ?? "function",
    function: inner,
    ...(form.deferLoading ? { defer_loading: tool["defer_loading"] ?? null } : {}),
  };
}

function shapedFunction(fields: Message, tool: Message, form: ToolForm): Message {
  const first = form.order === "name-first" ? ["name", "description"] : ["description", "name"];
  const inOrder = [...first, "parameters", "strict", "defer_loading"];
  const given = form.order === "as-sent" ? Object.keys(fields).filter((key) => inOrder.includes(key)) : [];
  const keys = new Set([...given, ...inOrder]);
  return Object.fromEntries(
    [...keys].flatMap((key) => {
      const value = valueOf(key, { fields, tool, form });
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
}

/** undefined: the key is left out. */
function valueOf(
  key: string,
  { fields, tool, form }: { readonly fields: Message; readonly tool: Message; readonly form: ToolForm },
): unknown {
  const value = fields[key] ?? undefined;
  if (key === "strict") {
    if (value !== undefined || form.strict === "left-out") return value;
    return form.strict === "false" ? false : null;
  }
  // SGLang tells the function what stands beside it.
  if (key === "defer_loading") return form.deferLoading ? (value ?? tool[key] ?? undefined) : undefined;
  return value ?? (form.absent === "null" ? null : undefined);
}
