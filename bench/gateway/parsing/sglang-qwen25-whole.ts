import type { Message } from "../rendering/normalise-messages.ts";
import type { OutputParser, OutputPiece } from "./output-piece.ts";
import { dumps, isTruthy, JsonError, loads, type PythonValue } from "./python-json.ts";
import type { ParserDialect } from "./sglang-qwen25-parser.ts";
import { toolNames } from "./tool-names.ts";

const opening = "<tool_call>\n";
const block = /<tool_call>\n(.*?)\n<\/tool_call>/gs;

/**
 * Reads calls of Qwen 2.5, Qwen 3 and Hermes from a whole answer as SGLang does where nobody streams: by another parser than
 * its streams have, which repairs nothing and drops a call that is no JSON.
 */
export class SglangQwen25Whole implements OutputParser {
  readonly #names: ReadonlySet<string>;
  readonly #dialect: ParserDialect;
  #text = "";

  constructor(tools: readonly Message[], dialect: ParserDialect) {
    this.#names = toolNames(tools);
    this.#dialect = dialect;
  }

  feed(text: string): readonly OutputPiece[] {
    this.#text += text;
    return [];
  }

  /** 0.5.10 says that a call was made wherever one was begun. */
  get endsAsCall(): boolean {
    return this.#dialect === "sglang-0.5.10" && this.#text.includes(opening);
  }

  end(): readonly OutputPiece[] {
    const text = this.#text;
    const calls = text.includes(opening) ? this.#calls() : [];
    const isKept =
      calls === null || !text.includes(opening) || (calls.length === 0 && this.#dialect === "sglang-0.5.10");
    const content = isKept ? text : text.slice(0, text.indexOf(opening)).trim();
    return [
      ...(content === "" ? [] : [{ kind: "content", text: content } as const]),
      ...(calls ?? []).flatMap(({ name, text: written }, index) => [
        { kind: "call", index, name } as const,
        { kind: "arguments", index, text: written } as const,
      ]),
    ];
  }

  /** null where a call is no object: then SGLang's parser fails, and all is text. */
  #calls(): readonly { readonly name: string; readonly text: string }[] | null {
    const found: { name: string; text: string }[] = [];
    for (const [, inner = ""] of this.#text.matchAll(block)) {
      const value = readOrNull(inner.trim());
      if (value === undefined) continue;
      for (const call of Array.isArray(value) ? value : [value]) {
        if (!(call instanceof Map)) return null;
        const name = call.get("name");
        if (name instanceof Map || Array.isArray(name)) return null;
        if (typeof name !== "string" || !this.#names.has(name)) continue;
        const parameters = call.get("parameters");
        const given = isTruthy(parameters) ? parameters : call.get("arguments");
        found.push({ name, text: dumps(given === undefined ? new Map() : given) });
      }
    }
    return found;
  }
}

/** undefined for what is no JSON. */
function readOrNull(text: string): PythonValue | undefined {
  try {
    return loads(text);
  } catch (cause) {
    if (cause instanceof JsonError) return undefined;
    throw cause;
  }
}
