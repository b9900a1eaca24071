import type { ProgramProblem } from "../contract/problem.ts";
import { completionIn } from "./completion.ts";
import { isRefusal, nothing, type Extracted } from "./extracted.ts";
import { fencesOf, type Fence } from "./fences.ts";
import { definedNames, isPython, programIn } from "./python-text.ts";
import { withoutThoughts } from "./thoughts.ts";

type Asked = Pick<ProgramProblem, "prompt" | "entryPoint">;

const pythonLabels = new Set([
  "python",
  "py",
  "python3",
  "py3",
  "python2",
  "python-3",
  "{.python}",
  ".python",
]);
const mayBePython = ({ label }: Fence) => label === "" || pythonLabels.has(label);

/** The code in what a model said. Thoughts are taken off first; then fences are looked at, and the text itself last. */
export function extractProgram(said: string, asked: Asked): Extracted {
  if (said.trim() === "") return nothing("empty");
  const { text, thoughts } = withoutThoughts(said.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n"));
  if (text.trim() === "") return nothing(thoughts === "open" ? "open-thoughts" : "only-thoughts");
  const fences = fencesOf(text).filter(({ code }) => code.trim() !== "");
  return (
    ofDefiningFence(fences, asked) ??
    ofOtherFence(fences, asked) ??
    ofText(text, fences, asked) ??
    nothing(isRefusal(text) ? "refusal" : fences.length > 0 ? "other-language" : "no-code")
  );
}

/** The last fence that defines what the tests call, whatever its label: models correct themselves, and show uses after it. */
function ofDefiningFence(fences: readonly Fence[], { entryPoint }: Asked): Extracted | null {
  if (entryPoint === null) return null;
  const at = fences.findLastIndex(
    (fence) =>
      definedNames(fence.code).has(entryPoint) && (mayBePython(fence) || isPython(`${fence.code}\n`)),
  );
  const fence = fences[at];
  if (fence === undefined) return null;
  const needed = neededBefore(fences.slice(0, at).filter(mayBePython), fence.code);
  const answer = [...needed.map(({ code }) => code), fence.code].join("\n\n");
  return { answer, rule: needed.length > 0 ? "joined-fences" : fence.closed ? "fence" : "open-fence" };
}

/** Earlier fences with a function or an import that a later one uses and does not have. */
function neededBefore(fences: readonly Fence[], code: string): readonly Fence[] {
  const needed: Fence[] = [];
  let all = code;
  for (const fence of fences.toReversed()) {
    const own = definedNames(all);
    const used = [...definedNames(fence.code)].some((name) => !own.has(name) && uses(all, name));
    if (!used || !isPython(`${fence.code}\n`)) continue;
    needed.unshift(fence);
    all = `${fence.code}\n${all}`;
  }
  return needed;
}

const uses = (code: string, name: string) => new RegExp(`(?<![\\w.])${name}\\b`).test(code);

/** No fence defines it: one that continues the prompt, else the last Python there is, which its tests will judge. */
function ofOtherFence(fences: readonly Fence[], { prompt }: Asked): Extracted | null {
  const python = fences.filter(mayBePython).toReversed();
  if (prompt !== "")
    for (const { code } of python) {
      const found = completionIn(code, prompt, "fence-completion");
      if (found !== null) return found;
    }
  const labelled = python.find(({ label }) => label !== "") ?? python.find(({ code }) => definesCode(code));
  return labelled === undefined ? null : { answer: labelled.code, rule: "fence-without-name" };
}

const definesCode = (code: string) => /^(?:async\s+)?(?:def|class)\s/m.test(code) && isPython(`${code}\n`);

function ofText(text: string, fences: readonly Fence[], { prompt, entryPoint }: Asked): Extracted | null {
  if (fences.length > 0) return null;
  const found = programIn(text);
  if (found !== null && (entryPoint === null || definedNames(found.code).has(entryPoint)))
    return { answer: found.code, rule: found.cut ? "code-in-prose" : "code" };
  const completion = prompt === "" ? null : completionIn(text, prompt, "completion");
  if (completion !== null) return completion;
  return found !== null && definesCode(found.code) ? { answer: found.code, rule: "code-without-name" } : null;
}
