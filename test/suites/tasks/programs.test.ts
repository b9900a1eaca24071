import { expect, test } from "vitest";
import { programsOf } from "../../../suites/tasks/formats/programs.ts";

test.for([
  ["a program and a module", "python3 -m pytest -q && git log", ["git", "python3", "python3 -m pytest"]],
  [
    "one that another starts",
    "timeout -k 1 5 python3 a.py; env A=1 node b.js | xargs -n 1 jq .",
    ["jq", "node", "python3"],
  ],
  ["one in a line that a shell is given", "bash -lc 'git log'", ["bash", "git"]],
  [
    "one whose output becomes a word",
    'test "$(git log)" = "`npm -v`" && x="$(curl $(jq -r .url a))"',
    ["curl", "git", "jq", "npm"],
  ],
  ["none in single quotes", "grep '$(git log)' a; bash -c 'echo $(jq . a)'", ["bash", "jq"]],
  ["none of a here-document's text", "cat <<'EOF'\ngit log\nEOF\nfor f in a; do ruby $f; done", ["ruby"]],
  ["none of a comment, a word or a variable", "# git log\necho node; PERL=perl; echo 'it is git' # jq", []],
] as const)("programs that lines start: %s", ([, script, programs]) => {
  expect(programsOf(script)).toEqual(programs);
});
