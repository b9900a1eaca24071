import { isRecord, type Message } from "../rendering/normalise-messages.ts";
import { content, ContentBeforeCall } from "./content-before-call.ts";
import type { OutputParser, OutputPiece } from "./output-piece.ts";
import { argumentJson } from "./typed-argument.ts";

const opening = "<tool_call>";
const closing = "</tool_call>";
const functionMark = "<function=";
const functionEnd = "</function>";
const parameterMark = "<parameter=";
const parameterEnd = "</parameter>";

/**
 * Tool calls of Qwen3-Coder: `<tool_call><function=NAME><parameter=KEY>VALUE</parameter>…</function></tool_call>`, also
 * without the outer tag, which the model forgets at times. Each argument is passed on when it is complete. What stands
 * between the tags and names no function is content.
 */
export class Qwen3CoderToolParser implements OutputParser {
  readonly #tools: readonly Message[];
  readonly #outside = new ContentBeforeCall([opening, functionMark]);
  #place: "outside" | "name" | "arguments" | "behind" = "outside";
  /** What has not been understood yet. */
  #buffer = "";
  /** Between the outer tags. */
  #tagged = false;
  #name = "";
  #arguments = 0;
  #calls = 0;
  #pieces: OutputPiece[] = [];

  /** @param tools of the request: their schemas say which arguments are no texts */
  constructor(tools: readonly Message[]) {
    this.#tools = tools;
  }

  feed(text: string): readonly OutputPiece[] {
    this.#buffer += text;
    while (this.#step());
    return this.#taken();
  }

  end(): readonly OutputPiece[] {
    if (this.#place === "name") this.#pieces.push(...content((this.#tagged ? opening : "") + this.#buffer));
    this.#pieces.push(...this.#outside.end());
    return this.#taken();
  }

  #taken(): readonly OutputPiece[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  /** Understands one part of the buffer. @returns false when it needs more text */
  #step(): boolean {
    if (this.#place === "outside") return this.#readOutside();
    if (this.#place === "name") return this.#readName();
    return this.#place === "arguments" ? this.#readArguments() : this.#readBehind();
  }

  #readOutside(): boolean {
    const { pieces, call } = this.#outside.feed(this.#buffer);
    this.#pieces.push(...pieces);
    this.#buffer = call ?? "";
    if (call === null) return false;
    this.#tagged = call.startsWith(opening);
    if (this.#tagged) this.#buffer = call.slice(opening.length);
    this.#place = "name";
    return true;
  }

  #readName(): boolean {
    const text = this.#buffer.trimStart();
    if (functionMark.startsWith(text)) return false;
    if (text.startsWith(functionMark)) {
      const end = text.indexOf(">");
      if (end === -1) return false;
      this.#name = text.slice(functionMark.length, end).trim();
      this.#arguments = 0;
      this.#pieces.push({ kind: "call", index: this.#calls, name: this.#name });
      this.#calls += 1;
      this.#go("arguments", text.slice(end + 1));
      return true;
    }
    const end = this.#buffer.indexOf(closing);
    if (end === -1) return false;
    const behind = end + closing.length;
    this.#pieces.push(...content(opening + this.#buffer.slice(0, behind)));
    this.#go("outside", this.#buffer.slice(behind));
    return true;
  }

  #readArguments(): boolean {
    const at = this.#buffer.indexOf("<");
    if (at === -1) return false;
    const text = this.#buffer.slice(at);
    if (text.startsWith(parameterMark)) return this.#readParameter(text);
    if (text.startsWith(functionEnd) || text.startsWith(closing)) {
      this.#pieces.push({
        kind: "arguments",
        index: this.#calls - 1,
        text: this.#arguments === 0 ? "{}" : "}",
      });
      if (text.startsWith(closing)) this.#go("outside", text.slice(closing.length));
      else this.#go(this.#tagged ? "behind" : "outside", text.slice(functionEnd.length));
      return true;
    }
    if ([parameterMark, functionEnd, closing].some((mark) => mark.startsWith(text))) return false;
    // A stray bracket between the arguments.
    this.#buffer = text.slice(1);
    return true;
  }

  /** A value ends at its closing tag; where the model forgot that, at the next argument or at the end of the call. */
  #readParameter(text: string): boolean {
    const nameEnd = text.indexOf(">");
    const ends = [parameterEnd, parameterMark, functionEnd]
      .map((mark) => text.indexOf(mark, nameEnd + 1))
      .filter((at) => at !== -1);
    if (nameEnd === -1 || ends.length === 0) return false;
    const end = Math.min(...ends);
    const key = text.slice(parameterMark.length, nameEnd).trim();
    const value = text
      .slice(nameEnd + 1, end)
      .replace(/^\n/, "")
      .replace(/\n$/, "");
    this.#pieces.push({
      kind: "arguments",
      index: this.#calls - 1,
      text: `${this.#arguments === 0 ? "{" : ", "}${JSON.stringify(key)}: ${argumentJson(value, this.#schemaOf(key))}`,
    });
    this.#arguments += 1;
    this.#buffer = text.slice(text.startsWith(parameterEnd, end) ? end + parameterEnd.length : end);
    return true;
  }

  /** Between the end of the function and the end of the call. */
  #readBehind(): boolean {
    const at = this.#buffer.indexOf("<");
    if (at === -1) return false;
    const text = this.#buffer.slice(at);
    if (text.startsWith(closing)) this.#go("outside", text.slice(closing.length));
    else if (text.startsWith(functionMark)) this.#go("name", text);
    else if ([closing, functionMark].some((mark) => mark.startsWith(text))) return false;
    else this.#buffer = text.slice(1);
    return true;
  }

  #go(place: "outside" | "name" | "arguments" | "behind", buffer: string): void {
    this.#place = place;
    this.#buffer = buffer;
  }

  #schemaOf(key: string): unknown {
    const functions = this.#tools.map(({ function: fields }) => fields).filter(isRecord);
    const parameters = functions.find(({ name }) => name === this.#name)?.["parameters"];
    const properties = isRecord(parameters) ? parameters["properties"] : undefined;
    return isRecord(properties) ? properties[key] : undefined;
  }
}
