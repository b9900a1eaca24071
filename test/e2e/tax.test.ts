import { afterAll, beforeAll, expect, test } from "vitest";
import { alteringProxy, simulator, type StartedServer } from "./tax-servers.ts";
import { expectExit, tollgate } from "./tollgate-process.ts";

/** What ends before anything is measured. What is measured is in tax.long.test.ts. */
let engine: StartedServer;
let other: StartedServer;
beforeAll(async () => {
  [engine, other] = await Promise.all([simulator(), simulator()]);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

const place = "http://127.0.0.1:9";

test.each([
  [
    ["tax", "127.0.0.1:30000", place],
    /RAW_URL 127\.0\.0\.1:30000 is no address: .* Did you mean http:\/\/127\.0\.0\.1:30000\?/,
  ],
  [["tax", place, "ftp://x"], /GATEWAY_URL ftp:\/\/x is no address/],
  [["tax", place, place, "--max", "5 minutes"], /--max 5 minutes cannot be read/],
  [["tax", place, place, "--load", "1,1"], /--load names 1 twice/],
  [["tax", place, place, "--minutes", "0"], /--minutes has to be more than 0/],
  [
    ["tax", place, place, "--key-env", "NO_SUCH_KEY_HERE"],
    /--key-env names the environment variable NO_SUCH_KEY_HERE/,
  ],
  [["tax", place], /missing required argument 'gateway-url'/],
])("%j is refused with exit code 2", async (args, message) => {
  const finished = await tollgate(args);
  expectExit(finished, 2);
  expect(finished.stderr).toMatch(message);
  expect(finished.stdout).toBe("");
});

test("nobody at RAW_URL", async () => {
  const finished = await tollgate(["tax", place, place]);
  expectExit(finished, 3);
  expect(finished.stderr).toMatch(/ECONNREFUSED.*Is the server running and reachable from here\?/);
});

test("a model that RAW_URL does not serve", async () => {
  const finished = await tollgate(["tax", engine.url, engine.url, "--model", "nosuch"]);
  expectExit(finished, 2);
  expect(finished.stderr).toContain("serves tollgate-sim, not nosuch. Correct --model.");
});

test("a gateway that knows no such path", async () => {
  await using proxy = await alteringProxy(engine.url, "not-found");
  const finished = await tollgate(["tax", engine.url, proxy.url]);
  expectExit(finished, 3);
  expect(finished.stderr).toMatch(
    /GATEWAY_URL .* gave status 404.* The raw server answered the same request\. Is the address right/,
  );
});

test("another engine behind the gateway", async () => {
  const finished = await tollgate(["tax", engine.url, `${other.url}/v1`]);
  expectExit(finished, 3);
  expect(finished.stderr).toMatch(/same-engine: .*gateway: different engines/);
});

test("too little time is said with the time that it takes", async () => {
  const finished = await tollgate(["tax", engine.url, engine.url, "--minutes", "0.1"]);
  expectExit(finished, 2);
  expect(finished.stderr).toMatch(/There is too little time: .* Use --minutes \d+\./);
});
