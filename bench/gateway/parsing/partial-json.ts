import { completed, isEscaped, UnexpectedJsonError, type Allowed } from "./complete-json.ts";
import { JsonError, loads, rawDecode, type PythonValue } from "./python-json.ts";

interface Bracket {
  readonly at: number;
  readonly kind: string;
}

/** Texts and brackets of a value that is not complete. */
interface Scan {
  readonly text: string;
  /** Open ones; not empty. */
  readonly stack: readonly Bracket[];
  readonly top: Bracket;
  /** The last mark of all: a quote or a bracket. */
  readonly last: Bracket;
  readonly inText: boolean;
  readonly textStart: number;
  readonly textEnd: number;
}

/**
 * Reads the beginning of a JSON value as SGLang does: with what is missing put behind it, or the value alone where other
 * text follows it. The cases are those of Python's `partial_json_parser`.
 * @throws {JsonError | MalformedJsonError | UnexpectedJsonError} where it cannot be read yet
 */
export function partialLoads(
  text: string,
  allowed: Allowed,
): { readonly value: PythonValue; readonly end: number } {
  try {
    return { value: loads(closed(text, allowed)), end: text.length };
  } catch (cause) {
    if (cause instanceof JsonError && cause.isExtraData) return rawDecode(text);
    throw cause;
  }
}

function closed(text: string, allowed: Allowed): string {
  const marks = [...text.matchAll(/["[\]{}]/g)].map((match) => ({ at: match.index, kind: match[0] }));
  if (marks[0] === undefined || marks[0].kind === '"') return completed(text, allowed, true).join("");
  const scan = scanned(text, marks);
  if (scan === null) return text;
  if (scan.inText) return allowed.texts ? textClosed(scan, allowed) : textDropped(scan);
  return valuesClosed(scan, allowed);
}

/** null where nothing is open. */
function scanned(text: string, marks: readonly Bracket[]): Scan | null {
  const stack: Bracket[] = [];
  let [inText, textStart, textEnd] = [false, -1, -1];
  for (const { at, kind } of marks) {
    if (kind === '"') {
      if (!inText) [inText, textStart] = [true, at];
      else if (!isEscaped(text, at)) [inText, textEnd] = [false, at];
    } else if (!inText) {
      if (kind === "{" || kind === "[") stack.push({ at, kind });
      else closeBracket(stack, kind);
    }
  }
  const [top, last] = [stack.at(-1), marks.at(-1)];
  return top === undefined || last === undefined
    ? null
    : { text, stack, top, last, inText, textStart, textEnd };
}

function closeBracket(stack: Bracket[], kind: string): void {
  const open = stack.pop();
  // Python's list says so, and SGLang reads that as text behind a value.
  if (open === undefined) throw new JsonError("pop from empty list", true);
  if (open.kind !== (kind === "}" ? "{" : "[")) throw new UnexpectedJsonError("brackets do not match");
}

const closing = (stack: readonly Bracket[]) =>
  stack
    .toReversed()
    .map(({ kind }) => (kind === "{" ? "}" : "]"))
    .join("");

/** A text that has no end, where none may be closed: what came before it. */
function textDropped({ text, stack, top, textStart, textEnd }: Scan): string {
  if (top.at > textEnd && top.kind === "{") return text.slice(0, top.at + 1) + closing(stack);
  const comma = lastIn(text, ",", { from: Math.max(top.at, textEnd) + 1, to: textStart });
  if (comma !== -1) return text.slice(0, comma) + closing(stack);
  let key = textEnd;
  for (;;) {
    key = lastIn(text, '"', { from: top.at, to: key });
    if (key === -1) return text.slice(0, top.at + 1) + closing(stack);
    if (isEscaped(text, key)) {
      key -= 1;
      continue;
    }
    const before = lastIn(text, ",", { from: top.at, to: key });
    return (before === -1 ? text.slice(0, top.at + 1) : text.slice(0, before)) + closing(stack);
  }
}

function textClosed(scan: Scan, allowed: Allowed): string {
  const { text, stack, top, textStart, textEnd } = scan;
  if (textEnd >= textStart) throw new UnexpectedJsonError("quotes do not match");
  const lastText = () => {
    const [head, tail] = completed(text.slice(textStart), allowed);
    return text.slice(0, textStart) + head + tail + closing(stack);
  };
  if (top.kind === "[") return lastText();
  const start = Math.max(textEnd, top.at);
  const between = text.slice(start + 1, textStart);
  if (between.includes(",")) {
    const comma = lastIn(text, ",", { from: start, to: textStart });
    const [head, tail] = completed(top.kind + text.slice(comma + 1), allowed);
    return text.slice(0, comma) + head.slice(1) + tail + closing(stack.slice(0, -1));
  }
  return between.includes(":") ? lastText() : text.slice(0, textStart) + closing(stack);
}

/** The value ends behind a bracket, a text, or a word or number that may go on. */
function valuesClosed(scan: Scan, allowed: Allowed): string {
  const { text, stack, top, last, textEnd } = scan;
  const comma = lastIn(text, ",", { from: Math.max(textEnd, last.at) + 1 });
  if (comma !== -1) {
    if (text.slice(comma + 1).trim() === "") return text.slice(0, comma) + closing(stack);
    if (top.kind !== "[") throw new UnexpectedJsonError("a key is expected");
    return lastItem(scan, { comma, open: top.kind, all: false }, allowed);
  }
  if (last.kind === "]" || last.kind === "}") {
    if (text.slice(last.at + 1).trim() !== "") throw new UnexpectedJsonError("text behind a bracket");
    return text + closing(stack);
  }
  if (last.kind === '"') return behindText(scan, allowed);
  const [head, tail] = completed(text.slice(last.at), allowed);
  return text.slice(0, last.at) + head + tail + closing(stack.slice(0, -1));
}

function behindText(scan: Scan, allowed: Allowed): string {
  const { text, stack, top, textStart, textEnd } = scan;
  if (top.kind === "[") return text + closing(stack);
  const colon = lastIn(text, ":", { from: textEnd });
  const comma = lastIn(text, ",", { from: top.at + 1, to: textStart });
  if (comma === -1) {
    const [head, tail] = completed(text.slice(top.at), allowed);
    return text.slice(0, top.at) + head + tail + closing(stack.slice(0, -1));
  }
  if (colon !== -1) {
    if (colon <= comma) throw new UnexpectedJsonError("a colon before its key");
    return lastItem(scan, { comma, open: "{", all: false }, allowed);
  }
  const isValue = lastIn(text, ":", { from: Math.max(top.at, comma) + 1, to: textStart }) !== -1;
  return isValue ? text + closing(stack) : lastItem(scan, { comma, open: "{", all: true }, allowed);
}

/** Completes what stands behind the last comma. */
function lastItem(
  { text, stack }: Scan,
  { comma, open, all }: { readonly comma: number; readonly open: string; readonly all: boolean },
  allowed: Allowed,
): string {
  const [head, tail] = completed(open + text.slice(comma + 1), allowed);
  const outer = closing(stack.slice(0, -1));
  if (head.slice(1) + tail.slice(0, -1).trim() === "")
    return text.slice(0, comma) + head.slice(1) + tail + outer;
  return text.slice(0, comma + 1) + head.slice(1) + tail + (all ? closing(stack) : outer);
}

/** `str.rfind(part, from, to)`, where an end below 0 counts from the end of the text. */
function lastIn(
  text: string,
  part: string,
  { from = 0, to = text.length }: { readonly from?: number; readonly to?: number },
): number {
  const end = to < 0 ? Math.max(0, to + text.length) : to;
  const found = text.slice(0, end).lastIndexOf(part);
  return found >= from ? found : -1;
}
