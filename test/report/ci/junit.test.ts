import { spawnSync } from "node:child_process";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { junitXml, type JUnitSuite } from "../../../bench/report/ci/junit.ts";

const suite: JUnitSuite = {
  name: "laptop",
  properties: { run: "r-1", simulated: "true" },
  cases: [
    { group: "laptop", name: "c1-r0-raw", seconds: 1.5, problem: null },
    {
      group: "laptop",
      name: "c1-r0-gateway",
      seconds: null,
      problem: { kind: "failure", type: "failing", message: 'said "no" & <left>', detail: "a\nb" },
    },
    {
      group: "laptop",
      name: "the run",
      seconds: null,
      problem: { kind: "error", type: "failed", message: "m", detail: "" },
    },
  ],
  output: "1 < 2\n",
};

test("a suite counts its cases, and a problem says what and why", () => {
  expect(junitXml(suite)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="laptop" tests="3" failures="1" errors="1" time="1.500">
  <testsuite name="laptop" tests="3" failures="1" errors="1" time="1.500" skipped="0">
    <properties>
      <property name="run" value="r-1"/>
      <property name="simulated" value="true"/>
    </properties>
    <testcase classname="laptop" name="c1-r0-raw" time="1.500"/>
    <testcase classname="laptop" name="c1-r0-gateway">
      <failure type="failing" message="said &quot;no&quot; &amp; &lt;left&gt;">a
b</failure>
    </testcase>
    <testcase classname="laptop" name="the run">
      <error type="failed" message="m"></error>
    </testcase>
    <system-out>1 &lt; 2
</system-out>
  </testsuite>
</testsuites>
`);
});

const python = spawnSync("python3", ["-c", "import xml.etree.ElementTree"]).status === 0;
const reader = `
import json, sys, xml.etree.ElementTree as tree
for line in sys.stdin:
    case = tree.fromstring(json.loads(line)).find("testsuite").find("testcase")
    problem = case.find("failure")
    print(json.dumps([case.get("name"), problem.get("message"), problem.text or ""]))
`;

test.skipIf(!python)(
  "whatever a server wrote into its error, Python's XML reader gives it back, but for what XML cannot hold",
  () => {
    const texts = fc.sample(
      fc.tuple(
        fc.string({ unit: "binary" }),
        fc.string({ unit: "grapheme" }),
        fc.constantFrom("\r\n\t ]]> <![CDATA[", "\u001B[31m\u0000", "\uD800x", "a\uFFFEb"),
      ),
      40,
    );
    const documents = texts.map(([name, message, detail]) =>
      junitXml({
        name: "s",
        properties: {},
        cases: [
          { group: "g", name, seconds: null, problem: { kind: "failure", type: "t", message, detail } },
        ],
        output: null,
      }),
    );
    const { stdout, stderr } = spawnSync("python3", ["-c", reader], {
      input: documents.map((text) => `${JSON.stringify(text)}\n`).join(""),
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    const held = (text: string) =>
      // oxlint-disable-next-line no-control-regex -- what XML 1.0 cannot hold
      text.toWellFormed().replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, "\uFFFD");
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line): unknown => JSON.parse(line)),
    ).toEqual(texts.map((each) => each.map(held)));
  },
);
