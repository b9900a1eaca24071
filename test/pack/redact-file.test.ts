import * as fc from "fast-check";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { isText, redactFile } from "../../bench/pack/redact-file.ts";
import { Redactor, type KnownSecrets } from "../../bench/pack/redaction.ts";
import { BodyLog } from "../../bench/tap/body-log.ts";
import { readBodies } from "../../bench/tap/read-bodies.ts";
import type { Exchange } from "../../bench/workload/exchange.ts";

const folder = mkdtempSync(join(tmpdir(), "tollgate-redact-"));
afterAll(() => rmSync(folder, { recursive: true }));

const knowing = (...secrets: readonly string[]): KnownSecrets => ({
  secrets,
  hosts: [],
  users: [],
  paths: [],
});
let files = 0;

/** The file as the archive holds it. */
async function redacted(name: string, content: string, known: KnownSecrets): Promise<string> {
  const [source, target] = [join(folder, `${(files += 1)}-${name}`), join(folder, `${files}-target`)];
  const compressed = name.endsWith(".zst");
  writeFileSync(source, compressed ? zstdCompressSync(content) : content);
  await redactFile(source, target, new Redactor(known));
  const bytes = readFileSync(target);
  return (compressed ? zstdDecompressSync(bytes) : bytes).toString("utf8");
}

const secret = "s3cr3t/Key+with&signs";

test("no secret survives in a file, whatever stands around it and however its lines end", async () => {
  const around = fc.oneof(
    fc.string(),
    fc.constantFrom('{"k":"', "Bearer ", "https://", "?key=", "/home/", "\\", "%", "\r\n", "\n", "sk-"),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(around, fc.boolean()), { minLength: 1, maxLength: 6 }),
      fc.constantFrom("engine.log", "engine.log.zst"),
      async (parts, name) => {
        const content = parts.map(([text, planted]) => `${text}${planted ? secret : ""}`).join("");
        expect(await redacted(name, content, knowing(secret))).not.toContain(secret);
      },
    ),
    { numRuns: 60 },
  );
});

test("what holds nothing secret is the same file, byte for byte, with or without a last newline", async () => {
  for (const content of ["", "a", "a\n", "a\r\n\nb", '{"n": 2.0, "n":2}\n'])
    expect(await redacted("records.jsonl", content, knowing(secret))).toBe(content);
});

test("a key of several lines does not survive where it is printed as lines", async () => {
  const key = [
    "-----BEGIN PRIVATE KEY-----",
    "MIIEvQIBADANBgkq",
    "hkiG9w0BAQEFAASC",
    "-----END PRIVATE KEY-----",
  ];
  for (const newline of ["\n", "\r\n"]) {
    const found = await redacted(
      "agent.log",
      `env:\nKEY=${key.join(newline)}\ndone\n`,
      knowing(key.join("\n")),
    );
    for (const line of key) expect(found).not.toContain(line);
    expect(found).toMatch(/^env:\nKEY=[^]*\ndone\n$/);
  }
});

test("requests that share their beginnings stay readable when what they share was replaced", async () => {
  const bodies = new BodyLog();
  const requests = [
    `{"m":["my key is ${secret}"]}`,
    `{"m":["my key is ${secret}","thanks"]}`,
    // Differs from the one before inside the secret.
    `{"m":["my key is ${secret.slice(0, 8)}","thanks"]}`,
    `{"m":["my key is ${secret}","thanks","bye"]}`,
  ];
  const lines = requests.map((requestBody, index) =>
    JSON.stringify(
      bodies.line({
        hop: "outer",
        arm: "raw",
        attemptKey: "a",
        requestId: `r${index}`,
        requestBody,
        responseBody: `you said ${secret}`,
      } as Exchange),
    ),
  );
  const segment = mkdtempSync(join(folder, "segment-"));
  const [source, target] = [join(folder, "bodies.ndjson"), join(segment, "bodies.ndjson")];
  // The writer was killed in the last line.
  writeFileSync(source, `${lines.join("\n")}\n{"v":1,"hop":"outer","middle":"${secret}`);
  await redactFile(source, target, new Redactor(knowing(secret)));
  expect(readFileSync(target, "utf8")).not.toContain(secret);
  const read: string[] = [];
  for await (const { requestBody } of readBodies(segment)) read.push(requestBody);
  expect(read).toEqual(requests.map((text) => text.replaceAll(secret, "(secret)")));
});

test("requests whose ids are changed, and become the same, stay apart", async () => {
  const bodies = new BodyLog();
  const asked = ["one", "two", "one", "two"].map((attemptKey, index) => ({
    hop: "outer" as const,
    arm: "raw",
    attemptKey,
    requestId: index % 2 === 0 ? secret : `${secret}${secret}`,
    requestBody: `${attemptKey} begins, and says ${"more ".repeat(index)}`,
    responseBody: "",
  }));
  const segment = mkdtempSync(join(folder, "segment-"));
  const source = join(mkdtempSync(join(folder, "source-")), "bodies.ndjson");
  writeFileSync(source, asked.map((one) => `${JSON.stringify(bodies.line(one as Exchange))}\n`).join(""));
  const known = new Redactor(knowing(secret, `${secret}${secret}`));
  await redactFile(source, join(segment, "bodies.ndjson"), known);
  expect(readFileSync(join(segment, "bodies.ndjson"), "utf8")).not.toContain(secret);
  const read: string[] = [];
  for await (const { requestBody } of readBodies(segment)) read.push(requestBody);
  expect(read).toEqual(asked.map(({ requestBody }) => requestBody));
});

test("a file of unknown bytes is no text; what is compressed is text by its name", async () => {
  const file = (name: string, bytes: Buffer) => {
    writeFileSync(join(folder, name), bytes);
    return isText(join(folder, name));
  };
  const packed = zstdCompressSync("text");
  expect(await file("core", Buffer.from([0x7f, 0x45, 0]))).toBe(false);
  expect(await file("notes", Buffer.from("plain"))).toBe(true);
  expect(await file("empty", Buffer.alloc(0))).toBe(true);
  expect(await file("tokens.jsonl.zst", packed)).toBe(true);
  expect(await file("heap.snapshot.zst", packed)).toBe(false);
});
