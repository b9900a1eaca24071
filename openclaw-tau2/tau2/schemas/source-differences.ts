import { toolSourceHashes } from "./tool-schemas.ts";
import { VERIFIED_SOURCES } from "./verified-sources.ts";

/** A method of a tool class that is not as in the version the port was verified with. */
export interface SourceDifference {
  /** `Class.method`. */
  readonly method: string;
  readonly kind: "changed" | "added" | "removed";
}

/**
 * How a checkout's tool classes differ from the verified version; empty when the port is known to behave like it.
 * Classes that were never verified (another project's domain) are not compared.
 */
export function sourceDifferences(checkoutDirectory: string, domain: string): readonly SourceDifference[] {
  const found = toolSourceHashes(checkoutDirectory, domain);
  const classes = new Set([...found.keys()].map(classOf));
  const verified = Object.entries(VERIFIED_SOURCES).filter(([method]) => classes.has(classOf(method)));
  const verifiedClasses = new Set(verified.map(([method]) => classOf(method)));
  const removed = verified.filter(([method]) => !found.has(method));
  return [
    ...[...found].flatMap(([method, hash]): SourceDifference[] => {
      if (!verifiedClasses.has(classOf(method)) || VERIFIED_SOURCES[method] === hash) return [];
      return [{ method, kind: Object.hasOwn(VERIFIED_SOURCES, method) ? "changed" : "added" }];
    }),
    ...removed.map(([method]): SourceDifference => ({ method, kind: "removed" })),
  ];
}

function classOf(method: string): string {
  return method.slice(0, method.indexOf("."));
}
