import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Redactor } from "../../bench/pack/redaction.ts";
import { knownSecrets } from "../../bench/pack/known-secrets.ts";

const none = { secrets: [], hosts: [], users: [], paths: [] };

test("what looks like a key, a host or a path goes; what the reports read stays", () => {
  const redactor = new Redactor({
    ...none,
    hosts: ["gpu-node-7"],
    users: ["mallory"],
    paths: ["/odd root/of mine/x"],
  });
  const cases: readonly (readonly [string, string])[] = [
    ["authorization: Bearer abc.def-123", "authorization: Bearer (key)"],
    ["sk-abcdefghijklmnop1234 and task-12", "(key) and task-12"],
    ['{"api_key": "x1y2z3", "token": "Hello"}', '{"api_key": "(key)", "token": "Hello"}'],
    ["http://gpu-node-7:30000/v1/models", "http://host-1.invalid:30000/v1/models"],
    ["connect ECONNREFUSED GPU-NODE-7:30000", "connect ECONNREFUSED host-1.invalid:30000"],
    ["https://user:pa%20ss@other.example/x?key=abc", "https://host-2.invalid/x?key=(key)"],
    ["at 10.1.2.3 with 570.86.15", "at host-3.invalid with 570.86.15"],
    ["http://127.0.0.1:30000/metrics", "http://127.0.0.1:30000/metrics"],
    ['"path":"/v1/chat/completions"', '"path":"/v1/chat/completions"'],
    ["file:///home/mallory/a.ts:3:1", "file://(path)"],
    ["in /home/mallory/x, by mallory", "in (path), by (user)"],
    ["from /odd root/of mine/x.yaml", "from (path).yaml"],
    ["3/4 tokens/s and </td>", "3/4 tokens/s and </td>"],
  ];
  expect(cases.map(([text]) => redactor.redact(text))).toEqual(cases.map(([, clean]) => clean));
});

const printable = fc.string({ minLength: 8, maxLength: 24 }).filter((text) => /^\S(.*\S)?$/.test(text));
const label = fc.stringMatching(/^[a-z][a-z0-9]{5,10}$/);

test("no planted secret survives, whatever it is made of and wherever it stands", () => {
  fc.assert(
    fc.property(
      fc.record({ key: printable, password: label, host: label, folder: label, file: label }),
      (planted) => {
        const { key, password, host, folder, file } = planted;
        const address = `https://me:${password}@${host}.corp.example:8443/v1`;
        const path = `/${folder}/${file} of mine/data`;
        const redactor = new Redactor(
          knownSecrets({
            environment: { MY_API_KEY: key, HOME: "/root" },
            machine: { hostname: "localhost", username: "root", home: "/root" },
            workingDirectory: "/root",
            // A container's home: its name is also a word that must stay whole inside other words.
            runDirectory: "/root/runs/x",
            descriptions: [JSON.stringify({ url: address, argv: ["sweep", path] })],
          }),
        );
        const texts = [
          `key ${key} at ${address} in ${path}`,
          JSON.stringify({ key, address, path }),
          JSON.stringify({ inner: JSON.stringify({ key, address, path }) }),
          JSON.stringify({ more: JSON.stringify({ inner: JSON.stringify({ key, path }) }) }),
          `GET /x?q=${encodeURIComponent(key)} from ${host}.corp.example`,
        ];
        const clean = texts.map((text) => redactor.redact(text));
        for (const secret of [key, password, `${host}.corp`, file])
          expect(clean.filter((text) => text.includes(secret))).toEqual([]);
        // What was JSON still is.
        for (const text of clean.slice(1, 4)) JSON.parse(text);
      },
    ),
    {
      numRuns: 200,
      examples: [
        // A password that is also a folder of a path must not hide the rest of the path.
        [{ key: "!      !", password: "lproto", host: "aaaaaa", folder: "lproto", file: "bbbbbb" }],
        [{ key: "a/b/cccccc/d", password: "cccccc", host: "aaaaaa", folder: "dddddd", file: "cccccc" }],
      ],
    },
  );
});

test("removing twice changes nothing more", () => {
  const redactor = new Redactor({ ...none, secrets: ["hunter2hunter2"], users: ["mallory"] });
  fc.assert(
    fc.property(fc.string(), (around) => {
      const text = `${around} hunter2hunter2 http://a.b.example/x /srv/a/b mallory ${around}`;
      const once = redactor.redact(text);
      expect(redactor.redact(once)).toBe(once);
    }),
  );
});

test("of secrets that contain or overlap one another none survives whole", () => {
  const letters = fc.stringMatching(/^[abc]{6,9}$/);
  fc.assert(
    fc.property(
      fc.array(letters, { minLength: 1, maxLength: 5 }),
      fc.stringMatching(/^[abc ]{0,40}$/),
      (secrets, text) => {
        const clean = new Redactor({ ...none, secrets }).redact(`${text}${secrets.join("")}`);
        expect(secrets.filter((secret) => clean.includes(secret))).toEqual([]);
      },
    ),
  );
});

test("a host has one name in all files, however it is spelled, and no two hosts share one", () => {
  const redactor = new Redactor({ ...none, hosts: ["gpu-a", "gpu-b"] });
  const texts = ["http://GPU-A:1/x", "http://gpu-b:2/x", "gpu-a down", "http://10.0.0.9/x and 10.0.0.9"];
  expect(texts.map((text) => redactor.redact(text))).toEqual([
    "http://host-1.invalid:1/x",
    "http://host-2.invalid:2/x",
    "host-1.invalid down",
    "http://host-3.invalid/x and host-3.invalid",
  ]);
});

test("names that are words of the run's own files, or parts of other words, stay: records must stay readable", () => {
  const redactor = new Redactor({ ...none, users: ["root", "agent", "al", "sam"], hosts: ["gateway", "db"] });
  for (const text of ['"arm":"gateway","agent":1,"user":"root"', "al and db", "sample same sam-1 my_sam"])
    expect(redactor.redact(text)).toBe(text);
  expect(redactor.redact("sam, (sam) /sam")).toBe("(user), ((user)) /(user)");
});

test("the new name of a stored text takes the place of the old one wherever it is quoted, and is counted", () => {
  const redactor = new Redactor(none);
  redactor.rename("a".repeat(64), "b".repeat(64));
  expect(redactor.redact(`{"systemSha256":"${"a".repeat(64)}"}`)).toBe(
    `{"systemSha256":"${"b".repeat(64)}"}`,
  );
  expect([...redactor.counts]).toEqual([["text-name", 1]]);
});
