import { readFileSync } from "node:fs";

/**
 * Prints what was skipped, refuses skips that are not on the committed list, and ends with `N passed, N failed`.
 * Usage: node .ci/count.ts RESULTS.json ALLOWED.txt
 */
interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const [resultsPath, allowedPath] = process.argv.slice(2);
if (!resultsPath || !allowedPath) throw new Error("usage: node .ci/count.ts RESULTS.json ALLOWED.txt");
const results = JSON.parse(readFileSync(resultsPath, "utf8")) as Results;
const allowed = readFileSync(allowedPath, "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));
const skipped = results.testResults.flatMap(({ assertionResults }) =>
  assertionResults
    .filter(({ status }) => status !== "passed" && status !== "failed")
    .map(({ fullName }) => fullName),
);
for (const name of skipped) console.log(`skipped: ${name}`);
const unexpected = skipped.filter((name) => !allowed.some((prefix) => name.startsWith(prefix)));
for (const name of unexpected) console.log(`skip not allowed by ${allowedPath}: ${name}`);
const emptyFailures = results.testResults.filter(
  ({ status, assertionResults }) =>
    status === "failed" && assertionResults.every((each) => each.status !== "failed"),
).length;
const failed = results.numFailedTests + emptyFailures + unexpected.length;
console.log(`${results.numPassedTests} passed, ${failed} failed`);
process.exitCode = failed > 0 || results.numPassedTests === 0 ? 1 : 0;
