import type { WrittenValue, ToolUseCase } from "../contract/case.ts";
import { jsonText } from "../contract/parse-json.ts";
import type { State } from "../contract/state.ts";
import { hasFields, matches } from "./compare.ts";

/**
 * What of a case's state is not as it should be, in words. Files that it begins with and does not name are to be as they were:
 * whoever deletes the rest to find one line has not done what was asked.
 */
export function stateFaults({ setup, state, tolerance }: ToolUseCase, found: State): string[] {
  const { files = {}, service = [], processes = {} } = state ?? {};
  const untouched = Object.entries(setup.files).filter(([path]) => !Object.hasOwn(files, path));
  return [
    ...Object.entries(files).flatMap(([path, wanted]) => {
      const fault = fileFault(wanted, found.files.get(path), tolerance);
      return fault === null ? [] : [`${path} ${fault}`];
    }),
    ...untouched.flatMap(([path, text]) => {
      const now = found.files.get(path);
      return now === text
        ? []
        : [`${path} ${now === undefined ? "is gone" : "was changed"}, and was to stay`];
    }),
    ...service.flatMap(({ list, where, count }) => {
      const there = found.service[list]?.filter((record) => hasFields(where, record, tolerance)).length ?? 0;
      return there === count ? [] : [`${list} has ${there} with ${jsonText(where)}, not ${count}`];
    }),
    ...Object.entries(processes).flatMap(([name, running]) =>
      found.processes.includes(name) === running
        ? []
        : [`process ${name} ${running ? "has ended" : "still runs"}`],
    ),
  ];
}

function fileFault(
  wanted: WrittenValue,
  text: string | null | undefined,
  tolerance: ToolUseCase["tolerance"],
): string | null {
  if (wanted === null) return text === undefined ? null : "is there, and should not be";
  if (text === undefined) return "is not there";
  if (text === null) return "is no text";
  const matcher = typeof wanted === "string" ? { $text: wanted } : wanted;
  return matches(matcher, text, tolerance) ? null : "does not hold what it should";
}
