/** Headers that belong to one connection and not to the message (RFC 9110, section 7.6.1). */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * What may travel to the next hop, order and spelling kept.
 * @param flat names and values in turn, as they came over the wire
 * @param dropped further lower-case names to leave out
 */
export function endToEndHeaders(flat: readonly string[], dropped: ReadonlySet<string> = new Set()): string[] {
  const named = new Set(
    pairs(flat)
      .filter(([name]) => name.toLowerCase() === "connection")
      .flatMap(([, value]) =>
        value
          .toLowerCase()
          .split(",")
          .map((token) => token.trim()),
      ),
  );
  return pairs(flat)
    .filter(([name]) => {
      const key = name.toLowerCase();
      return !hopByHop.has(key) && !named.has(key) && !dropped.has(key);
    })
    .flat();
}

/** The first value of a header; null when it is absent. */
export function headerOf(flat: readonly string[], name: string): string | null {
  return pairs(flat).find(([key]) => key.toLowerCase() === name)?.[1] ?? null;
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length >> 1 }, (_, at) => [flat[2 * at] ?? "", flat[2 * at + 1] ?? ""]);
}
