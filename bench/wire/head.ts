/** The head of an HTTP/1.1 message as it came over the wire. */
interface Fields {
  /** Names and values in turn, spelled and ordered as they came; values without the white space around them. */
  readonly fields: readonly string[];
  /** 0 or 1: HTTP/1.0 or HTTP/1.1. */
  readonly minorVersion: number;
}

export interface RequestHead extends Fields {
  readonly method: string;
  /** As it stands in the request line: any characters but spaces and control characters. */
  readonly target: string;
}

export interface ResponseHead extends Fields {
  readonly status: number;
  readonly reason: string;
}

/** How the end of a message's body is found (RFC 9112, section 6.3). */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "close" };

/**
 * The peer did not speak HTTP/1.1 as RFC 9112 has it. What two readers could take for different messages is refused, because
 * what passes here is read by somebody else again.
 */
export class WireError extends Error {
  /** What a server answers to it. */
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

const token = /^[!#$%&'*+.^_`|~\w-]+$/;
const fieldLine = /^([!#$%&'*+.^_`|~\w-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*)$/;
const fieldsMax = 1000;

/** @param text a head without its empty line, one character a byte. @throws {WireError} */
export function readRequestHead(text: string): RequestHead {
  const [first = "", ...lines] = text.split("\r\n");
  const [method = "", target = "", version = "", ...more] = first.split(" ");
  const minor = /^HTTP\/1\.([01])$/.exec(version)?.[1];
  if (
    minor === undefined ||
    more.length > 0 ||
    !token.test(method) ||
    !/^[\x21-\x7e\x80-\xff]+$/.test(target)
  )
    throw new WireError(`the request begins with ${shown(first)}`);
  return { method, target, minorVersion: Number(minor), fields: readFields(lines) };
}

/** @throws {WireError} */
export function readResponseHead(text: string): ResponseHead {
  const [first = "", ...lines] = text.split("\r\n");
  const [, minor, status, reason = ""] =
    /^HTTP\/1\.([01]) (\d{3})(?: ([\t\x20-\x7e\x80-\xff]*))?$/.exec(first) ?? [];
  if (status === undefined) throw new WireError(`the answer begins with ${shown(first)}`);
  return { status: Number(status), reason, minorVersion: Number(minor), fields: readFields(lines) };
}

function readFields(lines: readonly string[]): string[] {
  if (lines.length > fieldsMax) throw new WireError(`a head has more than ${fieldsMax} fields`, 431);
  const fields: string[] = [];
  for (const line of lines) {
    const [, name, value] = fieldLine.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new WireError(`a head has the line ${shown(line)}`);
    fields.push(name, value.trimEnd());
  }
  return fields;
}

/** The values of a field, in their order. `name` in lower case. */
export function fieldValues(fields: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const found = fields[at] ?? "";
    if (found.length === name.length && found.toLowerCase() === name) values.push(fields[at + 1] ?? "");
  }
  return values;
}

/** The parts of all values of a field that holds a list, in lower case. */
export const listedIn = (fields: readonly string[], name: string): string[] =>
  fieldValues(fields, name).flatMap((value) =>
    value
      .toLowerCase()
      .split(",")
      .map((part) => part.trim()),
  );

/** @throws {WireError} where a length or a transfer coding can be read in two ways */
export function requestFraming(head: RequestHead): Framing {
  const stated = statedFraming(head);
  // Other codings before it are read by some servers and skipped by others.
  const codings = listedIn(head.fields, "transfer-encoding");
  if (stated === "other-coding" || codings.length > 1)
    throw new WireError("the request's transfer-encoding is not chunked alone", 501);
  return stated ?? { kind: "none" };
}

/**
 * @param method of the request that it answers
 * @throws {WireError} where a length or a transfer coding can be read in two ways
 */
export function responseFraming(head: ResponseHead, method: string): Framing {
  const stated = statedFraming(head);
  if (method === "HEAD" || head.status === 204 || head.status === 304) return { kind: "none" };
  return stated === null || stated === "other-coding" ? { kind: "close" } : stated;
}

function statedFraming({ fields, minorVersion }: Fields): Framing | "other-coding" | null {
  const lengths = fieldValues(fields, "content-length");
  const codings = listedIn(fields, "transfer-encoding");
  if (codings.length > 0) {
    if (lengths.length > 0) throw new WireError("a head has a content-length and a transfer-encoding");
    if (minorVersion === 0) throw new WireError("a head of HTTP/1.0 has a transfer-encoding");
    const chunked = codings.indexOf("chunked");
    if (chunked === -1) return "other-coding";
    if (chunked !== codings.length - 1)
      throw new WireError(`a head has transfer-encoding ${shown(codings.join())}`);
    return { kind: "chunked" };
  }
  const [length] = lengths;
  if (length === undefined) return null;
  if (lengths.length > 1 || !/^\d{1,15}$/.test(length))
    throw new WireError(`a head has content-length ${shown(lengths.join(" and "))}`);
  return length === "0" ? { kind: "none" } : { kind: "length", bytes: Number(length) };
}

/** Whether the connection may carry another message behind this one, as far as its head says. */
export function staysOpen({ fields, minorVersion }: Fields): boolean {
  const options = listedIn(fields, "connection");
  return minorVersion === 0 ? options.includes("keep-alive") : !options.includes("close");
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 60));
