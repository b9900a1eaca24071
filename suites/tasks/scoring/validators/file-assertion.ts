import { renderTemplate } from "../../contract/template.ts";
import type { FileAssertion } from "../../contract/task.ts";
import { pythonPattern } from "../../python/python-pattern.ts";
import type { CheckedWorkspace } from "./checks.ts";
import { shown } from "./plain-text.ts";
import { fails, holds, undecided, type Held } from "./scope.ts";
import { readTextInside } from "./workspace-files.ts";

/** ClawBench's assertion on one file: all that it says must hold. */
export async function holdFile(
  { hostDirectory, values }: CheckedWorkspace,
  assertion: FileAssertion,
): Promise<Held> {
  const rendered = (text: string) => renderTemplate(text, values);
  const seen = await readTextInside(hostDirectory, rendered(assertion.path));
  if (!assertion.exists) return seen === null ? holds("it is not there") : fails("it should not be there");
  if (seen === null) return fails("it is not there, or is no file of the workspace that can be read");
  const { text, sizeBytes } = seen;
  if (sizeBytes < assertion.minSizeBytes) {
    return fails(`it has ${sizeBytes} bytes, at least ${assertion.minSizeBytes} are asked for`);
  }
  const lacking = assertion.contentContains.map(rendered).find((token) => !text.includes(token));
  if (lacking !== undefined) return fails(`it lacks ${JSON.stringify(shown(lacking))}`);
  const unwanted = assertion.contentNotContains.map(rendered).find((token) => text.includes(token));
  if (unwanted !== undefined) return fails(`it has ${JSON.stringify(shown(unwanted))}`);
  if (assertion.contentMatches !== null && assertion.contentMatches !== "") {
    const pattern = pythonPattern(rendered(assertion.contentMatches), { lines: true });
    if (pattern === null) return undecided(`the pattern ${assertion.contentMatches} cannot be read`);
    if (!pattern.test(text)) return fails(`it does not match ${assertion.contentMatches}`);
  }
  return holds("all that is asked of it holds");
}
