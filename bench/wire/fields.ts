import { fieldValues, listedIn } from "./head.ts";

/**
 * Headers that belong to one connection and not to the message (RFC 9110, section 7.6.1). How a body ends is one of them where
 * it is framed anew; where its bytes pass as they are, that passes with them.
 */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
]);

/**
 * What may travel to the next hop, order and spelling kept.
 * @param flat names and values in turn, as they came over the wire
 * @param dropped further lower-case names to leave out
 */
export function endToEndHeaders(flat: readonly string[], dropped: ReadonlySet<string>): string[] {
  const named = listedIn(flat, "connection").filter(
    (name) => name !== "transfer-encoding" && name !== "content-length",
  );
  const kept: string[] = [];
  for (let at = 0; at < flat.length; at += 2) {
    const [name = "", value = ""] = [flat[at], flat[at + 1]];
    const key = name.toLowerCase();
    if (!hopByHop.has(key) && !dropped.has(key) && !named.includes(key)) kept.push(name, value);
  }
  return kept;
}

/** The lines of a head for these headers. */
export function headerLines(flat: readonly string[]): string {
  let lines = "";
  for (let at = 0; at < flat.length; at += 2) lines += `${flat[at]}: ${flat[at + 1]}\r\n`;
  return lines;
}

/** The first value of a header; null when it is absent. */
export const headerOf = (flat: readonly string[], name: string): string | null =>
  fieldValues(flat, name)[0] ?? null;
