import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import {
  integritySignature,
  signatureKey,
  signedText,
} from "../../../../../suites/tasks/export/agentbench/signature.ts";

const content = '{\n  "run_id": "20260222-143022",\n  "suite_version": "1.0.0",\n  "overall_score": 74\n}';
const results = { run_id: "20260222-143022", suite_version: "1.0.0", overall_score: 74 };

test("the signature is the known one, whatever line feeds stand at the end", () => {
  const known = "1e25731bf5ceb637c3d6c9d4e1452a01e569a8b63c19473da7bf71f9182eff6e";
  expect(integritySignature(content, results)).toBe(known);
  expect(integritySignature(`${content}\n\n`, results)).toBe(known);
  expect(JSON.parse(signedText(results))).toEqual({ ...results, signature: known });
  expect(integritySignature(content.replace("74", "75"), results)).not.toBe(known);
});

const tools = ["/usr/bin/openssl", "/usr/bin/jq"];
test.skipIf(!tools.every((path) => existsSync(path)))(
  "openssl makes the same of what jq leaves of the file",
  () => {
    const names = {
      run_id: "20261129-010203",
      suite_version: '1.1.0-ß "quoted"',
      note: "日本 – ½ <b>",
      n: 0.28,
    };
    const unsigned = execFileSync("/usr/bin/jq", ["del(.signature)"], { input: signedText(names) });
    const printed = execFileSync("/usr/bin/openssl", ["dgst", "-sha256", "-hmac", signatureKey(names)], {
      input: unsigned.toString().replace(/\n$/, ""),
      encoding: "utf8",
    });
    const { signature } = JSON.parse(signedText(names)) as { signature: string };
    expect(printed.trim().split(" ").at(-1)).toBe(signature);
  },
);
