import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { sections } from "../../bench/commands/parts.ts";
import { loadExperiment } from "../../bench/config/load-experiment.ts";
import { filled } from "../../bench/config/placeholders.ts";
import { messageOf } from "../../bench/errors.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";

const folder = new TemporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** What is said of an arm with these settings. */
function problem(settings: object): string {
  const file = join(folder.path, "experiment.yaml");
  const arms = [{ kind: "command", name: "mine", command: ["proxy"], ...settings }];
  const experiment = { name: "arms", stack: { kind: "embedded" }, workload: { domain: "library" }, arms };
  writeFileSync(file, JSON.stringify(experiment));
  try {
    loadExperiment(file, { environment: {}, workingDirectory: folder.path, sections });
    return "fine";
  } catch (thrown) {
    return messageOf(thrown);
  }
}

test.each<[what: string, settings: object, said: RegExp]>([
  ["a header with a placeholder", { headers: { "x-upstream": "{engine}/v1" } }, /^fine$/],
  ["a name that is none", { headers: { "x upstream": "1" } }, /is no name of a header/],
  ["an empty name", { headers: { "": "1" } }, /is no name of a header/],
  ["a header of the connection", { headers: { "Content-Length": "1" } }, /belongs to the connection/],
  ["an identity of Tollgate's", { headers: { "X-Tollgate-Episode": "1" } }, /tells requests apart/],
  [
    "a key with the line break of its file",
    { headers: { "x-api-key": "abc\n" } },
    /headers\.x-api-key.*: .*line break/,
  ],
  [
    "a character that no header holds",
    { headers: { "x-name": "naïve — yes" } },
    /cannot be sent in a header/,
  ],
  [
    "one header in two spellings",
    { headers: { "x-a": "1", "X-A": "2" } },
    /headers\.X-A.*: is the same header as x-a/,
  ],
  [
    "a misspelt placeholder in a header",
    { headers: { "x-a": "{prot}" } },
    /headers\.x-a.*: \{prot\} is unknown here; there are \{engine\}/,
  ],
  [
    "a misspelt placeholder in the command",
    { command: ["p", "{ports}"] },
    /command\.1.*: \{ports\} is unknown/,
  ],
  [
    "a misspelt placeholder in a variable",
    { environment: { A: "{key}" } },
    /environment\.A.*: \{key\} is unknown/,
  ],
  [
    "a misspelt placeholder in a file",
    { files: { "a.conf": "b {enigne}" } },
    /files\.a\.conf.*: \{enigne\} is unknown/,
  ],
  [
    "blocks of a configuration",
    { files: { "nginx.conf": "events {}\nhttp {\n server { listen {port}; } }" } },
    /^fine$/,
  ],
  ["JSON", { files: { "a.json": '{"a":{"b":[{}, {"port":{port}}]}}' } }, /^fine$/],
  ["a brace that is doubled", { files: { Caddyfile: "respond {{host}" } }, /^fine$/],
  ["a file in a folder", { files: { "conf/a.b/c_1.yaml": "x" } }, /^fine$/],
  ["a file above the folder", { files: { "../a": "x" } }, /must lie below the folder|write a file name/],
  ["a file with an absolute path", { files: { "/etc/passwd": "x" } }, /write a file name/],
])("%s", (_, settings, said) => {
  expect(problem(settings)).toMatch(said);
});

test("a gateway that runs already may be given headers, too", () => {
  const url = { kind: "url", name: "u", url: "http://gateway", command: undefined };
  expect(problem({ ...url, headers: { authorization: "Bearer x" } })).toBe("fine");
  expect(problem({ ...url, headers: { te: "x" } })).toMatch(/belongs to the connection/);
});

test("doubled braces become one, also where JSON is full of them", () => {
  expect(filled('{{"a": {port}, "b": {"c": 1}}', { port: "1" })).toBe('{"a": 1, "b": {"c": 1}}');
});
