import { expect, test } from "vitest";
import type { AnswerVerdict } from "../../../../suites/code/contract/judged.ts";
import type { ProgramProblem, ProgramTests } from "../../../../suites/code/contract/problem.ts";
import { judgingPlace } from "./judging-place.ts";

interface Honest {
  readonly name: string;
  readonly program: string;
  readonly tests: readonly string[] | string;
  readonly setup?: string;
  readonly prompt?: string;
  readonly verdict?: AnswerVerdict;
  readonly says?: RegExp;
  readonly passed?: number;
}

const f = (body: string) => `def f(*args):\n    x = args[0] if args else None\n    return ${body}`;

/** What programs and tests of data sets do, judged as if both were one process. */
const honest: readonly Honest[] = [
  { name: "numbers", program: f("x + 0.5"), tests: ["assert f(1) == 1.5", "assert abs(f(1) - 1.5) < 1e-9"] },
  {
    name: "very large numbers",
    program: f("7 ** x"),
    tests: ["assert f(9000) == 7 ** 9000", "assert f(2) == 49"],
  },
  {
    name: "what is no number",
    program: f("float(x)"),
    tests: ["assert math.isnan(f('nan'))", "assert f('-inf') == float('-inf')"],
  },
  {
    name: "complex numbers",
    program: f("x * 1j"),
    tests: ["assert f(2) == 2j", "assert cmath.phase(f(1)) > 1.57"],
  },
  {
    name: "texts",
    program: f("x[::-1]"),
    tests: ["assert f('añb\\U0001F600') == '\\U0001F600bña'", "assert f('\\ud800') == '\\ud800'"],
  },
  { name: "bytes", program: f("bytes(x)"), tests: ["assert f([1, 2]) == b'\\x01\\x02'"] },
  { name: "nothing", program: f("None"), tests: ["assert f() is None", "assert f() == None"] },
  {
    name: "true is 1 and is true",
    program: f("x > 1"),
    tests: ["assert f(2) == True", "assert f(2) is True", "assert not f(1)"],
  },
  {
    name: "lists, tuples, sets",
    program: f("(list(x), tuple(x), set(x), frozenset(x))"),
    tests: ["assert f([1]) == ([1], (1,), {1}, frozenset([1]))"],
  },
  {
    name: "a list is no tuple",
    program: f("[x]"),
    tests: ["assert f(1) != (1,)", "assert isinstance(f(1), list)", "assert type(f(1)) == list"],
  },
  {
    name: "mappings with keys of any kind",
    program: f("{(1, 2): x, None: 1, 2.5: []}"),
    tests: ["assert f('v') == {(1, 2): 'v', None: 1, 2.5: []}"],
  },
  {
    name: "kinds of mappings",
    program: `from collections import *\n${f("(Counter(x), OrderedDict(a=1), defaultdict(list, {1: [2]}))")}`,
    tests: ["assert f('aab') == ({'a': 2, 'b': 1}, {'a': 1}, {1: [2]})"],
  },
  {
    name: "named tuples",
    program: `from collections import namedtuple\nP = namedtuple('P', 'a b')\n${f("P(x, 2)")}`,
    tests: ["assert f(1) == (1, 2)"],
  },
  {
    name: "kinds of numbers",
    program: `from fractions import Fraction\nfrom decimal import Decimal\n${f("(Fraction(1, x), Decimal('1.50'))")}`,
    tests: [
      "from fractions import Fraction\nfrom decimal import Decimal\nassert f(3) == (Fraction(1, 3), Decimal('1.5'))",
    ],
  },
  {
    name: "dates and times",
    program: `from datetime import *\n${f("(x, x + timedelta(days=1, seconds=5))")}`,
    prompt: "from datetime import date, datetime, time, timedelta, timezone\n\ndef f(x):\n    ...\n",
    tests: `def check(candidate):
    assert candidate(date(2026, 2, 28)) == (date(2026, 2, 28), date(2026, 3, 1))
    late = datetime(2026, 1, 1, 23, 59, 59, 7)
    assert candidate(late) == (late, datetime(2026, 1, 3, 0, 0, 4, 7))
    there = late.replace(tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
    assert candidate(there)[0] == there and candidate(there)[0].utcoffset() == timedelta(hours=-3.5)
    assert candidate(timedelta(-2)) == (timedelta(-2), timedelta(-1, 5))
`,
  },
  {
    name: "an argument that does not pass between the two is the tests' own fault",
    program: f("1"),
    tests: ["import threading\nassert f(threading.Lock()) == 1"],
    verdict: "test-fault",
    says: /argument of type lock cannot be given/,
  },
  {
    name: "numbers with names",
    program: `from enum import IntEnum\nclass C(IntEnum):\n    RED = 1\n${f("C.RED")}`,
    tests: ["assert f() == 1"],
  },
  {
    name: "a range",
    program: f("range(x)"),
    tests: ["assert f(3) == range(3)", "assert list(f(2)) == [0, 1]"],
  },
  {
    name: "a generator",
    program: "def f(n):\n    for i in range(n):\n        yield i",
    tests: ["assert list(f(3)) == [0, 1, 2]", "assert sum(f(4)) == 6", "assert [x for x in f(2)] == [0, 1]"],
  },
  {
    name: "map and zip",
    program: f("zip(x, map(str, x))"),
    tests: ["assert list(f([1, 2])) == [(1, '1'), (2, '2')]", "assert dict(f([1])) == {1: '1'}"],
  },
  {
    name: "a function as a result",
    program: "def f(a):\n    def add(b):\n        return a + b\n    return add",
    tests: ["assert f(1)(2) == 3", "assert callable(f(1))"],
  },
  {
    name: "a function of the tests as an argument",
    program: "def f(g, xs):\n    return [g(x) for x in xs]",
    tests: [
      "assert f(lambda x: x * 2, [1, 2]) == [2, 4]",
      "assert f(len, ['ab']) == [2]",
      "assert f(math.sqrt, [4]) == [2.0]",
      "assert f(int, ['3']) == [3]",
    ],
  },
  {
    name: "an error of a function of the tests",
    program:
      "def f(g):\n    try:\n        return g(0)\n    except ZeroDivisionError:\n        return 'caught'",
    tests: ["assert f(lambda x: 1 / x) == 'caught'"],
  },
  {
    name: "arguments with names",
    program: "def f(a, *, b=1, **rest):\n    return (a, b, rest)",
    tests: ["assert f(1, b=2, c=3) == (1, 2, {'c': 3})"],
  },
  {
    name: "arguments that are changed",
    program: "def f(xs, d):\n    xs.sort()\n    d['n'] = len(xs)\n    xs[0] = [xs[0]]",
    tests: ["xs, d = [3, 1], {}\nf(xs, d)\nassert xs == [[1], 3] and d == {'n': 2}"],
  },
  {
    name: "an expected error",
    program: f("[][x]"),
    tests: ["try:\n    f(1)\n    assert False\nexcept IndexError as e:\n    assert 'range' in str(e)"],
  },
  {
    name: "an error of its own",
    program: "class Bad(ValueError): pass\ndef f(x):\n    raise Bad('no %d' % x)",
    tests: ["try:\n    f(1)\n    assert False\nexcept ValueError as e:\n    assert str(e) == 'no 1'"],
  },
  {
    name: "a class of the program",
    program:
      "class Pair:\n    def __init__(self, a, b):\n        self.a, self.b = a, b\n    def sum(self):\n        return self.a + self.b\ndef f(pairs):\n    return sum(p.sum() for p in pairs)",
    tests: [
      "assert f([Pair(1, 2), Pair(3, 4)]) == 10",
      "p = Pair(1, 2)\np.a = 5\nassert p.sum() == 7 and f([p]) == 7",
      "assert isinstance(Pair(1, 1), Pair)",
    ],
  },
  {
    name: "a tree that the setup makes of it",
    program:
      "class Node:\n    def __init__(self, v):\n        self.v = v\n        self.left = self.right = None\ndef f(n):\n    return 0 if n is None else 1 + max(f(n.left), f(n.right))",
    setup: "root = Node(1)\nroot.left = Node(2)\nroot.left.right = Node(3)",
    tests: ["assert f(root) == 3", "assert f(root.left) == 2"],
  },
  {
    name: "data classes",
    program:
      "from dataclasses import dataclass\n@dataclass\nclass P:\n    a: int\ndef f(x):\n    return P(x)",
    tests: ["assert f(3).a == 3", "assert str(f(3)) == 'P(a=3)'"],
  },
  {
    name: "state between calls",
    program: "count = 0\ndef f():\n    global count\n    count += 1\n    return count",
    tests: ["assert f() == 1", "assert f() == 2"],
  },
  {
    name: "a main part that would wait for input",
    program: `${f("x")}\nif __name__ == '__main__':\n    f(input())`,
    tests: ["assert f(1) == 1"],
  },
  {
    name: "printing",
    program: "def f(x):\n    print('computing', x)\n    return x",
    tests: ["assert f(1) == 1"],
  },
  { name: "printing in the tests", program: f("x"), tests: ["print('hello'); assert f(1) == 1"] },
  {
    name: "threads that end",
    program:
      "import threading\ndef f(x):\n    out = []\n    t = threading.Thread(target=lambda: out.append(x))\n    t.start(); t.join()\n    return out",
    tests: ["assert f(1) == [1]"],
  },
  {
    name: "a child that ends",
    program:
      "import subprocess, sys\ndef f(x):\n    return int(subprocess.run(['echo', str(x)], capture_output=True).stdout)",
    tests: ["assert f(41) == 41"],
  },
  {
    name: "files in its folder",
    program: "def f(x):\n    with open('a.txt', 'w') as out: out.write(x)\n    return open('a.txt').read()",
    tests: ["assert f('hi') == 'hi'"],
  },
  {
    name: "the order of a set is the same in every run",
    program: f("list({'a', 'b', 'c', 'd'})"),
    tests: ["assert f() == list({'a', 'b', 'c', 'd'})"],
  },
  {
    name: "a function of the prompt that the tests call",
    prompt:
      'import math\n\ndef poly(xs, x):\n    return sum(c * math.pow(x, i) for i, c in enumerate(xs))\n\n\ndef f(xs):\n    """A root."""\n',
    program: "def f(xs):\n    return -xs[0] / xs[1]",
    tests: "def check(candidate):\n    assert abs(poly([1, 2], candidate([1, 2]))) < 1e-6\n",
  },
  {
    name: "a class of the prompt",
    prompt:
      'class P:\n    def __init__(self, a):\n        self.a = a\n    def __eq__(self, other):\n        return self.a == other.a\n\n\ndef f(p):\n    """Double."""\n',
    program: "def f(p):\n    return P(p.a * 2)",
    tests: "def check(candidate):\n    assert candidate(P(2)) == P(4)\n",
  },
  {
    name: "a decorator from the library",
    program:
      "from functools import lru_cache\n@lru_cache(None)\ndef f(n):\n    return n if n < 2 else f(n - 1) + f(n - 2)",
    tests: ["assert f(80) == 23416728348467685"],
  },
  { name: "many calls", program: f("x * 2"), tests: ["for i in range(3000):\n    assert f(i) == 2 * i"] },
  { name: "a long list", program: f("list(range(x))"), tests: ["assert f(200000)[-1] == 199999"] },
  // Not right.
  {
    name: "some of the asserts",
    program: f("x * 2"),
    tests: ["assert f(2) == 4", "assert f(3) == 7", "assert f(0) == 0"],
    verdict: "wrong-answer",
    passed: 2,
  },
  {
    name: "nothing where a number is wanted",
    program: f("None"),
    tests: ["assert f(2) < 4"],
    verdict: "wrong-answer",
    says: /TypeError/,
  },
  {
    name: "another name",
    program: "def g(x):\n    return x",
    tests: ["assert f(2) == 2"],
    verdict: "missing-name",
    says: /f/,
  },
  {
    name: "a class that is not there",
    program: f("x"),
    tests: ["assert f(Pair(1, 2)) == 1"],
    verdict: "missing-name",
    says: /Pair/,
  },
  {
    name: "an error in the third assert",
    program: f("1 // (2 - x)"),
    tests: ["assert f(0) == 0", "assert f(1) == 1", "assert f(2) == 2"],
    verdict: "exception",
    says: /ZeroDivisionError/,
    passed: 2,
  },
  {
    name: "a missing package",
    program: "import tollgate_has_no_such_package\ndef f(x):\n    return x",
    tests: ["assert f(1) == 1"],
    verdict: "exception",
    says: /ModuleNotFoundError/,
  },
  {
    name: "Python 2",
    program: "def f(x):\n    print 'x'\n    return x",
    tests: ["assert f(1) == 1"],
    verdict: "syntax-error",
  },
  {
    name: "a NUL",
    program: "def f(x):\n    return '\0'",
    tests: ["assert f(1) == 1"],
    verdict: "syntax-error",
  },
  {
    name: "an unequal object",
    program: "class A: pass\ndef f(x):\n    return A()",
    tests: ["assert f(1) == f(1)"],
    verdict: "wrong-answer",
  },
  // Tests that cannot judge.
  {
    name: "an argument of a class of the tests",
    program: f("x"),
    setup: "class Node:\n    pass",
    tests: ["assert f(Node()) is None"],
    verdict: "test-fault",
    says: /Node/,
  },
  { name: "tests that do not compile", program: f("x"), tests: ["assert f(1) =="], verdict: "test-fault" },
  {
    name: "tests that want a package",
    program: f("x"),
    tests: ["import tollgate_has_no_such_package\nassert f(1) == 1"],
    verdict: "test-fault",
  },
  { name: "tests without check", program: f("x"), tests: "x = 1\n", verdict: "test-fault" },
  { name: "tests that end", program: f("x"), tests: ["raise SystemExit(0)"], verdict: "test-fault" },
  { name: "no tests", program: f("x"), tests: [], verdict: "test-fault" },
  {
    name: "check of the program in place of the tests' own",
    program: `def check(candidate):\n    pass\n${f("x")}`,
    tests: "x = 1\n",
    verdict: "test-fault",
  },
  {
    name: "a setup that fails",
    program: f("x"),
    setup: "1 / 0",
    tests: ["assert f(1) == 1"],
    verdict: "test-fault",
  },
];

test("programs are judged as if their tests ran beside them", { timeout: 120_000 }, async (context) => {
  using place = await judgingPlace("bwrap", context);
  const wrong: string[] = [];
  for (const { name, program, tests, setup = "", prompt = "", ...expected } of honest) {
    const form: ProgramTests =
      typeof tests === "string"
        ? { form: "check", source: tests }
        : { form: "asserts", setup, asserts: tests };
    const problem: ProgramProblem = { kind: "program", id: name, prompt, entryPoint: "f", tests: form };
    const { verdict, message, stderr, passed, tests: counted } = await place.judge(problem, program);
    const wanted = expected.verdict ?? "passed";
    const right = wanted === "test-fault" ? null : wanted === "passed";
    const isSaid = expected.says?.test(message ?? "") !== false;
    const isCounted = expected.passed === undefined || counted?.passed === expected.passed;
    if (verdict !== wanted || passed !== right || !isSaid || !isCounted)
      wrong.push(`${name}: ${verdict} ${message ?? ""} ${JSON.stringify(counted)} ${stderr.slice(0, 300)}`);
  }
  expect(wrong).toEqual([]);
});
