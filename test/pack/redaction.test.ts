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
    { numRuns: 200 },
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
