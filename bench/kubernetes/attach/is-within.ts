/**
 * Whether everything that is wanted is there: the API server adds defaults to what it was sent, so equality would never
 * hold. Lists have the same length, and their elements correspond.
 */
export function isWithin(wanted: unknown, found: unknown): boolean {
  if (Array.isArray(wanted))
    return (
      Array.isArray(found) &&
      found.length === wanted.length &&
      wanted.every((one, index) => isWithin(one, found[index]))
    );
  if (typeof wanted === "object" && wanted !== null)
    return (
      typeof found === "object" &&
      found !== null &&
      Object.entries(wanted).every(([key, value]) => isWithin(value, (found as Record<string, unknown>)[key]))
    );
  return wanted === found;
}
