import { normalize } from "node:path/posix";

/**
 * What a tracking server refuses, as versions 2 and 3 do, whichever is stricter; where a real one cuts a value without a word, this one
 * refuses it, so that a test sees it.
 */
export class Refusal extends Error {
  readonly status: number;
  readonly errorCode: string;

  constructor(status: number, errorCode: string, message: string) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
  }
}

export function invalid(message: string): Refusal {
  return new Refusal(400, "INVALID_PARAMETER_VALUE", message);
}

export function missing(what: string): Refusal {
  return new Refusal(404, "RESOURCE_DOES_NOT_EXIST", `${what} not found`);
}

export interface Pair {
  readonly key: string;
  readonly value: string;
}
export interface Point {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

export function checkKey(key: unknown): void {
  if (typeof key !== "string" || key === "") throw invalid("A key name must be provided.");
  if (!/^[/\p{L}\p{N}_.\- ]*$/u.test(key)) throw invalid(`Invalid value "${key}" for parameter 'key'`);
  if (Array.from(key).length > 250) throw invalid(`key exceeds the maximum length of 250 characters`);
  if (
    key.startsWith("/") ||
    key.startsWith("..") ||
    normalize(key) !== key ||
    key === "." ||
    key.endsWith("/")
  )
    throw invalid(`"${key}" must be a unique resource path`);
}

function checkPairs(name: string, pairs: readonly Pair[], charactersMax: number): void {
  if (pairs.length > 100)
    throw invalid(
      `A batch logging request can contain at most 100 ${name}. Got ${pairs.length} ${name}. Please split up ${name} across multiple requests and try again.`,
    );
  for (const { key, value } of pairs) {
    checkKey(key);
    if (typeof value !== "string") throw invalid(`Invalid value for ${name}.${key}`);
    if (Array.from(value).length > charactersMax)
      throw invalid(`${name} value for ${key} exceeds the maximum length of ${charactersMax} characters`);
  }
  const twice = pairs.find(({ key }, at) => pairs.findIndex((pair) => pair.key === key) !== at);
  if (twice !== undefined && name === "params") throw invalid(`Duplicate parameter keys: ${twice.key}`);
}

export function checkTags(tags: readonly Pair[]): void {
  checkPairs("tags", tags, 5000);
}

export function checkBatch(
  bytes: number,
  {
    metrics,
    params,
    tags,
  }: { readonly metrics: readonly Point[]; readonly params: readonly Pair[]; readonly tags: readonly Pair[] },
): void {
  if (bytes > 1e6) throw invalid(`Batched logging API requests must be at most 1000000 bytes, got ${bytes}`);
  if (metrics.length > 1000)
    throw invalid(`A batch logging request can contain at most 1000 metrics. Got ${metrics.length} metrics.`);
  if (metrics.length + params.length + tags.length > 1000)
    throw invalid("A batch logging request can contain at most 1000 entities");
  checkPairs("params", params, 6000);
  checkTags(tags);
  for (const { key, value, timestamp, step } of metrics) {
    checkKey(key);
    if (typeof value !== "number") throw invalid(`Got invalid value ${String(value)} for metric '${key}'`);
    if (!Number.isSafeInteger(timestamp)) throw invalid(`Got invalid timestamp for metric '${key}'`);
    if (!Number.isSafeInteger(step)) throw invalid(`Got invalid step for metric '${key}'`);
  }
}
