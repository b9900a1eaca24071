/** Longer lines are dumps of settings, in which words such as `error` are names. */
const charactersMax = 1_000;

/** How programs mark a line as an error, each with who does it. */
const marks: readonly RegExp[] = [
  // `error: …`, `[ERROR] …`, nginx's `[emerg] …`, C++'s `error loading …`.
  /(?:^|[\s[(])(?:error|fatal|emerg|alert|crit|critical|panic|panicked)\]?(?::| at | load| while|!| -)|\[(?:emerg|alert|crit|error|fatal)\] /i,
  // JavaScript and Python outside of a traceback.
  /^(?:Uncaught )?\w*(?:Error|Exception)(?: \[\w+\])?: /i,
  // logfmt: Go's slog and logrus.
  /(?:^|\s)(?:level|lvl|severity)="?(?:error|eror|err|fatal|critical|panic)\b/i,
  // A level in capitals after the time: Rust's tracing, Java.
  /^\S*(?:\s?\d{2}:\d{2}:\d{2}\S*)\s+\[?(?:ERROR|FATAL|CRITICAL|PANIC)\]?\s/,
  // klog: Kubernetes' programs, Envoy.
  /^[EF]\d{4} \d{2}:\d{2}:\d{2}/,
  // A shell that has no such program.
  /^(?:\w*sh|env)\b.*: (?:command not found|not found|No such file or directory)$/,
];

const jsonLevels = /^(?:error|err|fatal|critical|crit|panic|dpanic|emerg|alert)$/i;
/** pino and bunyan count levels: 50 is an error, 60 fatal. */
const jsonLevelMin = 50;

/** What a line of a log says of an error; null where it calls itself none. */
export function errorOf(line: string): string | null {
  const object = jsonOf(line);
  if (object !== null) return jsonError(object);
  if (line.length > charactersMax) return null;
  return marks.some((mark) => mark.test(line)) ? line : null;
}

function jsonOf(line: string): ReadonlyMap<string, unknown> | null {
  if (!line.startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === "object" ? new Map(Object.entries(value)) : null;
  } catch {
    // Not every line that begins with a brace is JSON: it is read as text.
    return null;
  }
}

/** Message and error of a line as zap, zerolog, pino, bunyan and the like write it. */
function jsonError(object: ReadonlyMap<string, unknown>): string | null {
  const level = ["level", "severity", "lvl", "levelname"]
    .map((key) => object.get(key))
    .find((one) => one !== undefined);
  const isError =
    typeof level === "number" ? level >= jsonLevelMin : typeof level === "string" && jsonLevels.test(level);
  if (!isError) return null;
  const texts = ["msg", "message", "event", "error", "err"].flatMap((key) => textOf(object.get(key)));
  return [...new Set(texts)].join(": ") || null;
}

function textOf(value: unknown): readonly string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  if (value === null || typeof value !== "object") return [];
  return textOf(new Map<string, unknown>(Object.entries(value)).get("message"));
}
