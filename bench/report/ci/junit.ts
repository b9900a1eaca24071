/** One verdict of a run, as a test that passed or did not. */
export interface JUnitCase {
  readonly group: string;
  readonly name: string;
  /** null where it is not known. */
  readonly seconds: number | null;
  /** null: passed. `error`: nothing could be said. */
  readonly problem: {
    readonly kind: "failure" | "error";
    readonly type: string;
    readonly message: string;
    readonly detail: string;
  } | null;
}

export interface JUnitSuite {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly cases: readonly JUnitCase[];
  /** What a terminal would show; null for nothing. */
  readonly output: string | null;
}

/** A suite in the XML that Jenkins, GitLab, GitHub's reporters and the like read. */
export function junitXml({ name, properties, cases, output }: JUnitSuite): string {
  const count = (kind: "failure" | "error") => cases.filter(({ problem }) => problem?.kind === kind).length;
  const known = cases.flatMap(({ seconds }) => seconds ?? []);
  const totals = {
    name,
    tests: cases.length,
    failures: count("failure"),
    errors: count("error"),
    time: timeText(known.reduce((sum, seconds) => sum + seconds, 0)),
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes(totals)}>`,
    `  <testsuite${attributes({ ...totals, skipped: 0 })}>`,
    "    <properties>",
    ...Object.entries(properties).map(
      ([key, value]) => `      <property${attributes({ name: key, value })}/>`,
    ),
    "    </properties>",
    ...cases.map(caseXml),
    ...(output === null ? [] : [`    <system-out>${escaped(output)}</system-out>`]),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function caseXml({ group, name, seconds, problem }: JUnitCase): string {
  const head = attributes({
    classname: group,
    name,
    ...(seconds === null ? {} : { time: timeText(seconds) }),
  });
  if (problem === null) return `    <testcase${head}/>`;
  const { kind, type, message, detail } = problem;
  return [
    `    <testcase${head}>`,
    `      <${kind}${attributes({ type, message })}>${escaped(detail)}</${kind}>`,
    "    </testcase>",
  ].join("\n");
}

function timeText(seconds: number): string {
  return seconds.toFixed(3);
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(
      ([name, value]) =>
        ` ${name}="${escaped(String(value)).replaceAll("\n", "&#10;").replaceAll("\t", "&#9;")}"`,
    )
    .join("");
}

/** Characters that XML 1.0 cannot hold in any form, whatever a server wrote into its error. */
const unwritable =
  // oxlint-disable-next-line no-control-regex -- control characters are what it is about
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

function escaped(text: string): string {
  return text
    .replaceAll(unwritable, "\uFFFD")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\r", "&#13;");
}
