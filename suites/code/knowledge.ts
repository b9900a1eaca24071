import type { LoadedProblem } from "./contract/problem.ts";

/**
 * What a simulated engine says of the problems: a right answer, and wrong ones. It goes to the engine alone. What an answer is
 * worth is decided by the data set's own tests, which never see this.
 */
export function knowledgeOf(problems: readonly LoadedProblem[]): string {
  return problems
    .map((loaded, index) => {
      const { good, bad } = answersOf(loaded);
      const dressed = (text: string, at: number) => ({ text: dress(loaded, text, index + at) });
      const wrong = bad.map((text, at) => dressed(text, at + 1));
      return { key: loaded.ask, good: good === null ? wrong[0] : dressed(good, 0), bad: wrong };
    })
    .map((line) => `${JSON.stringify(line)}\n`)
    .join("");
}

interface Answers {
  readonly good: string | null;
  readonly bad: readonly string[];
}

function answersOf({ problem, canonical, wrong }: LoadedProblem): Answers {
  if (problem.kind === "number")
    return { good: problem.expected, bad: [`${problem.expected}1`, "I do not know."] };
  if (problem.kind === "choice") {
    const letters = problem.choices.map((_, index) => String.fromCharCode("A".charCodeAt(0) + index));
    return {
      good: letters[problem.expected] ?? null,
      bad: letters.filter((_, index) => index !== problem.expected),
    };
  }
  const name = problem.entryPoint ?? "solution";
  return {
    good: canonical,
    bad: wrong ?? [`def ${name}(*given, **named):\n    raise NotImplementedError\n`],
  };
}

/** Models write round an answer in many ways; which one, a problem's place decides. */
function dress({ problem }: LoadedProblem, text: string, at: number): string {
  if (problem.kind === "choice") return `The answer is (${text}).`;
  if (problem.kind === "number") return /\d$/.test(text) ? `Step by step:\n\nThe answer is ${text}.` : text;
  const fenced = `\`\`\`python\n${text.trimEnd()}\n\`\`\``;
  const forms = [
    fenced,
    `Here is the function:\n\n${fenced}\n\nIt handles every case of the description.`,
    `<think>\nWhat may be empty here?\n</think>\n\n${fenced}\n`,
    fenced.replace("```python", "```"),
  ];
  return forms[at % forms.length] ?? fenced;
}
