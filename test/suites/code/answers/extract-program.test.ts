import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extractProgram } from "../../../../suites/code/answers/extract-program.ts";
import { wholeProgram } from "../../../../suites/code/answers/whole-program.ts";

const prompt =
  'import math\nfrom typing import List\n\n\ndef helper(x):\n    return x + 1\n\n\ndef area(r: float) -> float:\n    """Area of a circle.\n    >>> area(1)\n    3.14\n    """\n';
const asked = { prompt, entryPoint: "area" };
const words = { prompt: "", entryPoint: "area" };
const good = "def area(r):\n    return math.pi * r * r";
const body = "    return math.pi * r * r";
const fence = (code: string, label = "python", mark = "```") => `${mark}${label}\n${code}\n${mark}`;

interface Case {
  readonly name: string;
  readonly said: string;
  readonly rule: string;
  readonly answer: string | null;
  readonly asked?: typeof asked;
}

const cases: readonly Case[] = [
  // Fences.
  { name: "a fence", said: fence(good), rule: "fence", answer: good },
  { name: "prose around it", said: `Sure!\n\n${fence(good)}\n\nThis uses pi.`, rule: "fence", answer: good },
  { name: "no label", said: fence(good, ""), rule: "fence", answer: good },
  { name: "label py", said: fence(good, "py"), rule: "fence", answer: good },
  { name: "label in capitals", said: fence(good, "Python"), rule: "fence", answer: good },
  { name: "label with more words", said: fence(good, "python title=area.py"), rule: "fence", answer: good },
  { name: "label in braces", said: fence(good, "{.python}"), rule: "fence", answer: good },
  {
    name: "another language's label on Python",
    said: fence(good, "javascript"),
    rule: "fence",
    answer: good,
  },
  { name: "tildes", said: fence(good, "python", "~~~"), rule: "fence", answer: good },
  { name: "four backticks", said: fence(good, "python", "````"), rule: "fence", answer: good },
  { name: "never closed", said: `Here:\n\`\`\`python\n${good}`, rule: "open-fence", answer: good },
  { name: "Windows line ends", said: fence(good).replaceAll("\n", "\r\n"), rule: "fence", answer: good },
  { name: "a byte order mark", said: `\uFEFF${fence(good)}`, rule: "fence", answer: good },
  {
    name: "in a list",
    said: `1. Do this:\n   ${fence(good).replaceAll("\n", "\n   ")}`,
    rule: "fence",
    answer: good,
  },
  { name: "in a quotation", said: `> ${fence(good).replaceAll("\n", "\n> ")}`, rule: "fence", answer: good },
  {
    name: "a fence within a docstring's text",
    said: fence(
      'def area(r):\n    """Use it so:\n    ~~~\n    area(1)\n    ~~~\n    """\n    return 3 * r * r',
    ),
    rule: "fence",
    answer: 'def area(r):\n    """Use it so:\n    ~~~\n    area(1)\n    ~~~\n    """\n    return 3 * r * r',
  },
  // Several fences.
  {
    name: "a use after the function",
    said: `${fence(good)}\nUse it:\n${fence("print(area(2))")}`,
    rule: "fence",
    answer: good,
  },
  {
    name: "a correction after a draft",
    said: `${fence("def area(r):\n    return r")}\nNo, better:\n${fence(good)}`,
    rule: "fence",
    answer: good,
  },
  {
    name: "the shell before it",
    said: `${fence("pip install numpy", "bash")}\n${fence(good)}`,
    rule: "fence",
    answer: good,
  },
  {
    name: "an output after it",
    said: `${fence(good)}\nOutput:\n${fence("3.14", "")}`,
    rule: "fence",
    answer: good,
  },
  {
    name: "a helper in a fence of its own",
    said: `First:\n${fence("def square(x):\n    return x * x")}\nThen:\n${fence("def area(r):\n    return 3.14 * square(r)")}`,
    rule: "joined-fences",
    answer: "def square(x):\n    return x * x\n\ndef area(r):\n    return 3.14 * square(r)",
  },
  {
    name: "imports in a fence of their own",
    said: `${fence("import math")}\n${fence(good)}`,
    rule: "joined-fences",
    answer: `import math\n\n${good}`,
  },
  // Thoughts.
  {
    name: "thoughts",
    said: `<think>\nHm.\n${fence("def area(r):\n    return 0")}\n</think>\n${fence(good)}`,
    rule: "fence",
    answer: good,
  },
  {
    name: "thoughts that end right before the fence",
    said: `<think>Hm.\n${fence("def area(r):\n    return 0")}\n</think>${fence(good)}`,
    rule: "fence",
    answer: good,
  },
  {
    name: "thoughts that the template opened",
    said: `Hm, area…\n${fence("def area(r):\n    return 0")}\n</think>\n\n${fence(good)}`,
    rule: "fence",
    answer: good,
  },
  {
    name: "thoughts that never end",
    said: `<think>\nHm.\n${fence(good)}`,
    rule: "open-thoughts",
    answer: null,
  },
  { name: "thoughts and nothing else", said: "<think>Hm.</think>\n", rule: "only-thoughts", answer: null },
  {
    name: "the tags as words of the program",
    said: fence('def area(r):\n    return r.split("</think>")[0].replace("<think>", "")'),
    rule: "fence",
    answer: 'def area(r):\n    return r.split("</think>")[0].replace("<think>", "")',
  },
  // Without a fence.
  { name: "code alone", said: good, rule: "code", answer: good },
  {
    name: "code between sentences",
    said: `Here is the function:\n\n${good}\n\nIt multiplies pi by the square.`,
    rule: "code-in-prose",
    answer: good,
  },
  {
    name: "code with its imports",
    said: `import math\n\n${good}\n`,
    rule: "code",
    answer: `import math\n\n${good}\n`,
  },
  {
    name: "a sentence within a text of the program",
    said: 'def area(r):\n    return r\n\nNOTE = """\nThis is a note to all.\n"""\n',
    rule: "code",
    answer: 'def area(r):\n    return r\n\nNOTE = """\nThis is a note to all.\n"""\n',
  },
  {
    name: "a lambda",
    said: "area = lambda r: 3.14 * r * r",
    rule: "code",
    answer: "area = lambda r: 3.14 * r * r",
  },
  {
    name: "marks that end a text",
    said: `[BEGIN]\n${good}\n[DONE]\n\nYou are an expert`,
    rule: "code-in-prose",
    answer: good,
  },
  { name: "a token that ends a text", said: `${good}\n<|im_end|>`, rule: "code-in-prose", answer: good },
  { name: "a tag around it", said: `<answer>\n${good}\n</answer>`, rule: "code-in-prose", answer: good },
  {
    name: "a fence of examples within the text of a fence's function",
    said: fence(
      `def area(r):\n    """Area.\n\n    \`\`\`python\n    area(1)\n    \`\`\`\n    """\n    return r`,
    ),
    rule: "fence",
    answer: `def area(r):\n    """Area.\n\n    \`\`\`python\n    area(1)\n    \`\`\`\n    """\n    return r`,
  },
  // Completions of the prompt.
  { name: "a body as it is", said: body, rule: "completion", answer: body },
  {
    name: "a body whose first line lost its white space",
    said: "x = r * r\n    return math.pi * x",
    rule: "completion-first-line-indented",
    answer: "    x = r * r\n    return math.pi * x",
  },
  {
    name: "a body without indentation",
    said: "x = r * r\nreturn math.pi * x",
    rule: "completion-indented",
    answer: "    x = r * r\n    return math.pi * x",
  },
  {
    name: "a loop whose first line lost its white space",
    said: "for x in [r]:\n        return x",
    rule: "completion-first-line-indented",
    answer: "    for x in [r]:\n        return x",
  },
  {
    name: "a loop without indentation",
    said: "for x in [r]:\n    return x",
    rule: "completion-indented",
    answer: "    for x in [r]:\n        return x",
  },
  {
    name: "a body without indentation that begins with a function",
    said: "def two():\n    return 2\nreturn two() * r",
    rule: "completion-indented",
    answer: "    def two():\n        return 2\n    return two() * r",
  },
  { name: "a body in a fence", said: fence(body), rule: "fence-completion", answer: body },
  {
    name: "a body in a fence without indentation",
    said: fence("return math.pi * r * r"),
    rule: "fence-completion-indented",
    answer: body,
  },
  {
    name: "what follows a body",
    said: `${body}\n\n\nif __name__ == "__main__":\n    print(area(2))`,
    rule: "completion",
    answer: body,
  },
  {
    name: "a body with a helper after it",
    said: `    return two() * r\n\n\ndef two():\n    return 2`,
    rule: "completion",
    answer: `    return two() * r\n\n\ndef two():\n    return 2`,
  },
  { name: "a body, where no prompt is continued", said: body, rule: "no-code", answer: null, asked: words },
  // Nothing to judge.
  { name: "nothing", said: "", rule: "empty", answer: null },
  { name: "white space", said: " \n\t\n", rule: "empty", answer: null },
  { name: "an empty fence", said: "```python\n```", rule: "no-code", answer: null },
  { name: "a refusal", said: "I'm sorry, but I can't help with that.", rule: "refusal", answer: null },
  {
    name: "a refusal with a curly apostrophe",
    said: "I can’t assist with this request.",
    rule: "refusal",
    answer: null,
  },
  { name: "a word of thanks", said: "Sorry.", rule: "no-code", answer: null },
  {
    name: "a sentence",
    said: "The area is pi times the square of the radius.",
    rule: "no-code",
    answer: null,
  },
  {
    name: "another language",
    said: fence("function area(r) {\n  return Math.PI * r * r;\n}", "javascript"),
    rule: "other-language",
    answer: null,
  },
  {
    name: "another language, no label",
    said: fence("public static double area(double r) {\n  return Math.PI * r * r;\n}", ""),
    rule: "other-language",
    answer: null,
  },
  // Judged, and found to lack the name.
  {
    name: "another function's name",
    said: fence("def surface(r):\n    return r"),
    rule: "fence-without-name",
    answer: "def surface(r):\n    return r",
    asked: words,
  },
  {
    name: "a method of a class",
    said: fence("class Solution:\n    def area(self, r):\n        return r"),
    rule: "fence-without-name",
    answer: "class Solution:\n    def area(self, r):\n        return r",
  },
  {
    name: "an excuse after a function is none",
    said: `${fence(good)}\nI'm sorry that it is short.`,
    rule: "fence",
    answer: good,
  },
];

describe("code is taken by a rule that has a name", () => {
  test.each(cases)("$name", ({ said, rule, answer, asked: of = asked }) => {
    expect(extractProgram(said, of)).toEqual({ answer, rule });
  });

  test("a fence is found whatever stands around it", () => {
    const line = fc.stringMatching(/^[A-Za-z ,.!']{0,60}$/);
    fc.assert(
      fc.property(fc.array(line), fc.array(line), (before, after) => {
        const said = [...before, fence(good), ...after].join("\n");
        expect(extractProgram(said, asked)).toEqual({ answer: good, rule: "fence" });
      }),
    );
  });

  test("whatever a model says, something is said of it", () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom(
        "```",
        "```python\n",
        "~~~",
        "<think>",
        "</think>",
        "\n",
        "def area(r):\n",
        "    return 1\n",
        '"""',
        "\r\n",
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const { answer, rule } = extractProgram(pieces.join(""), asked);
        expect(rule).toMatch(/^[a-z-]+$/);
        const isNothing = /^(?:empty|refusal|no-code|other-language|open-thoughts|only-thoughts)$/.test(rule);
        expect(answer === null).toBe(isNothing);
      }),
      { numRuns: 300 },
    );
  });

  test("a long text takes no long time", () => {
    for (const said of [
      "```python\n".repeat(20_000),
      "Sentence one. ".repeat(20_000),
      "<think>".repeat(50_000),
      "x\n".repeat(50_000),
      "def f(:\nThis is it\n".repeat(2_000),
    ])
      expect(extractProgram(said, asked).rule).toMatch(/./);
  });
});

describe("the program that is run", () => {
  test("a completion follows the prompt", () => {
    expect(wholeProgram(body, "completion", asked)).toBe(`${prompt}${body}\n`);
  });

  test("a whole function has the prompt's imports and helpers before it", () => {
    const before = "import math\nfrom typing import List\n\n\ndef helper(x):\n    return x + 1";
    expect(wholeProgram(good, "fence", asked)).toBe(`${before}\n${good}\n`);
  });

  test("what Python wants first is first", () => {
    const program = wholeProgram(`from __future__ import annotations\n${good}`, "fence", asked);
    expect(program.split("\n")[0]).toBe("from __future__ import annotations");
  });

  test("nothing is put before an answer to a problem in words", () => {
    expect(wholeProgram(good, "fence", words)).toBe(`${good}\n`);
  });
});
