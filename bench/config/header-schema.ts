import { z } from "zod";

/** Headers of which a hop or Tollgate itself is the author: another value of them would break the message or the joins. */
const ownedByOthers = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const name = z
  .string()
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, "is no name of a header")
  .refine((text) => !ownedByOthers.has(text.toLowerCase()), "belongs to the connection and cannot be set")
  .refine(
    (text) => !text.toLowerCase().startsWith("x-tollgate-"),
    "is how Tollgate tells requests apart and cannot be set",
  );

/** A line break at the end is what a key gets that was read from a file. */
const value = z
  .string()
  .refine(isHeaderValue, "cannot be sent in a header: it holds a line break or another control character");

export function isHeaderValue(text: string): boolean {
  return /^[\t\x20-\x7E\x80-\xFF]*$/.test(text);
}

/** Headers that every request of an arm gets. Some gateways are told where to forward to in no other way. */
export const headersSetting = z
  .record(name, value)
  .superRefine((headers, context) => {
    const seen = new Map<string, string>();
    for (const key of Object.keys(headers)) {
      const other = seen.get(key.toLowerCase());
      seen.set(key.toLowerCase(), key);
      if (other === undefined) continue;
      context.addIssue({ code: "custom", path: [key], message: `is the same header as ${other}` });
    }
  })
  .optional();
