import { expect, test } from "vitest";
import { isSecretFlag, isSecretName, withoutKeys } from "../../bench/host/secret-words.ts";

test.each([
  ["AZURE_API_KEY", true],
  ["LITELLM_MASTER_KEY", true],
  ["HF_TOKEN", true],
  ["db_password", true],
  ["AUTHORIZATION", true],
  ["MYKEY", true],
  ["TOKENIZERS_PARALLELISM", false],
  ["MAX_TOKENS", false],
  ["tokenizerPath", false],
  ["LOG_LEVEL", false],
  ["PATH", false],
  ["x-api-key", true],
  ["x-portkey-api-key", true],
  ["PORTKEY_API_KEY", true],
  ["x-portkey-provider", false],
  ["PORTKEY_SERVER", false],
  ["IMPORTKEY", true],
])("a variable %s holds a key: %s", (name, secret) => {
  expect(isSecretName(name)).toBe(secret);
});

test.each([
  ["--api-key", true],
  ["--admin-api-key", true],
  ["--hf-token", true],
  ["-password", true],
  ["--api-key-env", false],
  ["--max-tokens", false],
  ["--tokenizer", false],
  ["--keyboard", false],
  ["api-key", false],
])("the word after %s is a key: %s", (flag, secret) => {
  expect(isSecretFlag(flag)).toBe(secret);
});

test("keys go, and everything else of a command line stays in its place", () => {
  const words = ["gw", "--api-key", "abc", "--token=d=e", "--port", "1", "--secret", "--verbose", "--x=y"];
  const shown = [
    "gw",
    "--api-key",
    "<redacted>",
    "--token=<redacted>",
    "--port",
    "1",
    "--secret",
    "--verbose",
    "--x=y",
  ];
  expect(withoutKeys(words)).toEqual(shown);
});
