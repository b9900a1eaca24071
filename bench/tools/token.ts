import { timingSafeEqual } from "node:crypto";

/** Source of unguessable bytes; `crypto.randomBytes` outside tests. */
export type RandomBytes = (size: number) => Buffer;

/** `<handle>.<secret>`: the handle finds the owner in a map, the secret is compared in constant time. */
export function issueToken(randomBytes: RandomBytes): string {
  return `${randomBytes(9).toString("base64url")}.${randomBytes(24).toString("base64url")}`;
}

/** Equality in time that does not depend on where the texts differ. */
export function sameToken(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Finds owners by token without comparing secrets by map lookup. */
export class TokenBook<Owner> {
  readonly #entries = new Map<string, { readonly token: string; readonly owner: Owner }>();

  add(token: string, owner: Owner): void {
    this.#entries.set(handleOf(token), { token, owner });
  }

  find(token: string): Owner | undefined {
    const entry = this.#entries.get(handleOf(token));
    return entry !== undefined && sameToken(token, entry.token) ? entry.owner : undefined;
  }
}

function handleOf(token: string): string {
  return token.slice(0, token.indexOf("."));
}
