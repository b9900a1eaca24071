/** Tasks whose answers are right or wrong, told by their words; styles are not applied to them. */
interface ExactTask {
  readonly pattern: RegExp;
  readonly right: (match: RegExpExecArray) => string;
  readonly wrong: string;
}

const fibonacci = [
  "Here is an iterative version.",
  "",
  "```python",
  "def fibonacci(n):",
  '    """Return the n-th Fibonacci number, counted from 0."""',
  "    a, b = 0, 1",
  "    for _ in range(n):",
  "        a, b = b, a + b",
  "    return a",
  "```",
].join("\n");

const sentences = [
  "Python is a language that people read with ease.",
  "It runs on nearly every machine that you can buy.",
  "Many libraries exist for it.",
  "Its community writes good documentation.",
  "Teachers like to begin with it.",
  "It is also used for large services.",
  "New versions come out every year.",
  "Types can be added where they help.",
];
const numerals = ["one", "two", "three", "four", "five", "six", "seven", "eight"];
const benefits = ["It helps", "It saves time", "It is cheap", "It is good for you", "It makes friends"];

const countMax = 60;
const numberOf = (word: string) =>
  Math.min(countMax, numerals.indexOf(word.toLowerCase()) + 1 || Number(word));
const numeral = `\\b(\\d+|${numerals.join("|")})\\b`;

const tasks: readonly ExactTask[] = [
  {
    pattern: /fibonacci/iu,
    right: () => fibonacci,
    wrong: "```python\ndef fibonacci(n):\n    return n * n + 1\n```",
  },
  {
    pattern: new RegExp(`exactly ${numeral} sentences?`, "iu"),
    right: ([, count = "3"]) =>
      Array.from({ length: numberOf(count) }, (_, at) => sentences[at % sentences.length]).join(" "),
    wrong: "Python. It is. A language. Which is used. For programs. Of all. Kinds. And sizes. Everywhere.",
  },
  {
    pattern: new RegExp(`${numeral}(?=.*\\bnumbered\\b)`, "iu"),
    right: ([, count = "5"]) =>
      Array.from(
        { length: numberOf(count) },
        (_, at) => `${at + 1}. ${benefits[at % benefits.length]}, as many people have found.`,
      ).join("\n"),
    wrong: "There are many of them, and most people know at least some.",
  },
  {
    pattern:
      /(?:without|avoid|never|not|don't)\s+(?:ever\s+)?(?:using|use|mention(?:ing)?|say(?:ing)?|writ(?:e|ing))?\s*(?:the\s+)?(?:word|term)?\s*["'‘“]([^"'’”]+)["'’”]/iu,
    right: () =>
      "Think of a box with a smaller box in it, which holds a smaller one, down to one that is empty.",
    wrong:
      "A function calls the same function again, a word that was not wanted here. It is the word itself.",
  },
];

/** The answer to an exact task; null for any other question. */
export function exactAnswer(question: string, isSolved: boolean): string | null {
  for (const { pattern, right, wrong } of tasks) {
    const match = pattern.exec(question);
    if (match !== null) return isSolved ? right(match) : `${wrong}${forbidden(match, pattern)}`;
  }
  return null;
}

/** A wrong answer to "without the word X" says X, whatever it is. */
function forbidden([, word]: RegExpExecArray, { source }: RegExp): string {
  return source.includes("without") && word !== undefined ? ` ${word}.` : "";
}
