import { createHmac } from "node:crypto";

/** What AgentBench signs its results by. Everybody knows the key: it finds accidental changes, and proves nothing. */
export interface SignedBy {
  readonly run_id: string;
  readonly suite_version: string;
}

/** HMAC-SHA256 of a text without line feeds at its end, in hexadecimal, as `openssl dgst -sha256 -hmac KEY` prints it. */
export function integritySignature(content: string, by: SignedBy): string {
  const signed = content.replace(/\n+$/, "");
  return createHmac("sha256", signatureKey(by)).update(signed).digest("hex");
}

export function signatureKey({ run_id, suite_version }: SignedBy): string {
  return `agentbench-v1-${run_id}-${suite_version}-integrity`;
}

/** The text of `results.json`: what is signed is the same without its last field. */
export function signedText(results: SignedBy): string {
  const signature = integritySignature(JSON.stringify(results, null, 2), results);
  return `${JSON.stringify({ ...results, signature }, null, 2)}\n`;
}
