import { dumpJson } from "../python/json-dump.ts";
import { parseJson } from "../python/json-parse.ts";
import type { PyValue } from "../python/value.ts";
import { readToolSchemas } from "../schemas/tool-schemas.ts";
import { asDict, asList, asText, goldenJson, hasGoldenFile } from "./golden-file.ts";
import type { VerifyInput } from "./input.ts";
import { RowCounter } from "./row.ts";
import type { VerifyRow } from "./row.ts";

/**
 * Every tool's schema, type, mutates flag and place in the order, byte for byte, as the reader gets them from the
 * checkout's Python sources. No rows without a checkout: there is nothing to compare with.
 */
export function checkSchemas({ checkout, domains, goldenDirectory }: VerifyInput): VerifyRow[] {
  if (checkout === null) return [];
  return domains.flatMap((domain) => {
    const file = `schemas_${domain}.json`;
    if (!hasGoldenFile(goldenDirectory, file)) return [];
    const golden = asDict(goldenJson(goldenDirectory, file));
    const read = asDict(parseJson(JSON.stringify(readToolSchemas(checkout, domain))));
    const counter = new RowCounter(domain, "schemas");
    for (const side of ["agent", "user"]) {
      compareTools({ expected: asList(golden.get(side)), found: asList(read.get(side)) }, counter);
    }
    return [counter.row()];
  });
}

function compareTools(
  { expected, found }: { readonly expected: readonly PyValue[]; readonly found: readonly PyValue[] },
  counter: RowCounter,
): void {
  for (let index = 0; index < Math.max(expected.length, found.length); index++) {
    const [left, right] = [expected[index] ?? null, found[index] ?? null];
    counter.count(dumpJson(left) === dumpJson(right), () => {
      return `tool ${index}, ${asText(asDict(left ?? right).get("name"))}, differs`;
    });
  }
}
