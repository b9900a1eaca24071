import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TollgateProcess } from "../e2e/tollgate-process.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { libraryEngine } from "./recorded-run.ts";

let engine: { readonly process: TollgateProcess; readonly url: string };
let gateway: GatewayProcess;

beforeAll(async () => {
  engine = await libraryEngine("user");
  gateway = await GatewayProcess.start(engine.url, "--level", "L0");
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await engine.process[Symbol.asyncDispose]();
});

/** Bytes as they are, which no HTTP client would send; what came back until the server closed. */
async function exchange(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
  await once(socket, "connect");
  socket.write(bytes, "latin1");
  return text(socket);
}

const ask = (target: string, method = "GET") =>
  exchange(`${method} ${target} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);

const alive = /^HTTP\/1\.1 200 /;

test.each([
  "//",
  "///",
  "//a:b:c/v1/models",
  "http://[",
  "http://a:99999999/health",
  "?",
  "*",
  "constructor",
  "/%",
  "/%ff%fe",
  "/..//../health",
  `/${"a".repeat(8000)}`,
])("a request for %s is answered, and the gateway serves on", async (target) => {
  for (const method of ["GET", "POST"]) expect(await ask(target, method)).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(await ask("/health")).toMatch(alive);
});

test("no target ends the gateway", async () => {
  const printable = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom("", "/", "//", "http://", "/v1/"), printable, async (start, rest) => {
      await ask(start + rest);
    }),
    { numRuns: 200 },
  );
  expect(await ask("/health")).toMatch(alive);
});
