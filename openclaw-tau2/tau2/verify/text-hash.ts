import { createHash } from "node:crypto";
import type { PyValue } from "../python/value.ts";
import { asDict, asText } from "./golden-file.ts";

/** Whether a text has the sha256 (over UTF-8) of a golden entry `{sha256, …}`. */
export function hasGoldenHash(text: string, entry: PyValue | undefined): boolean {
  return textHash(text) === asText(asDict(entry).get("sha256"));
}

export function textHash(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
