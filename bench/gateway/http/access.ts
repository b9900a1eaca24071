import { createHash, timingSafeEqual } from "node:crypto";
import { DialectError } from "./dialect-error.ts";

/** sha256 of a key. Keys are compared and looked up by it, so that the time taken says nothing about the key itself. */
export type KeyDigest = string;

export const digestOf = (key: string): KeyDigest => createHash("sha256").update(key).digest("hex");

/**
 * The key in an `Authorization: Bearer` header; the scheme's case does not matter.
 * @throws {DialectError} 401 when there is none
 */
export function bearerKey(authorization: string | undefined): string {
  const key = /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  if (key === undefined) throw new DialectError(401, "Missing or malformed Authorization header");
  return key;
}

export class AdminKey {
  readonly #digest: Buffer;

  constructor(key: string) {
    this.#digest = Buffer.from(digestOf(key));
  }

  matches(key: string): boolean {
    return timingSafeEqual(this.#digest, Buffer.from(digestOf(key)));
  }

  /** @throws {DialectError} 401 without a key, 403 with another one */
  require(authorization: string | undefined): void {
    if (!this.matches(bearerKey(authorization))) throw new DialectError(403, "Invalid admin API key");
  }
}
