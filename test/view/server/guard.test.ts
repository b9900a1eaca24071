import { expect, test } from "vitest";
import { pathParts, refusalOf } from "../../../bench/view/server/guard.ts";

const asked = { method: "GET", host: "127.0.0.1:1234", target: "/" };

test.each(["127.0.0.1:31200", "127.0.0.1", "localhost:8000", "LOCALHOST", "[::1]:31200"])(
  "a request to %s is answered, also through a tunnel at another port",
  (host) => expect(refusalOf({ ...asked, host })).toBeNull(),
);

test.each([
  undefined,
  "",
  "evil.example",
  "evil.example:31200",
  "localhost.evil.example",
  "127.0.0.1.evil.example",
  "evil.example@127.0.0.1",
  "127.0.0.1:1234@evil.example",
  "127.0.0.1:123456",
  "localhost:",
  "0.0.0.0:31200",
  "[::1",
  "localhost evil",
])("a request that calls this machine %j is refused: its page may be somebody else's", (host) =>
  expect(refusalOf({ ...asked, host })?.status).toBe(403),
);

test.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", ""])(
  "%j changes nothing here: refused",
  (method) => expect(refusalOf({ ...asked, method })?.status).toBe(405),
);
test("HEAD is answered", () => expect(refusalOf({ ...asked, method: "HEAD" })).toBeNull());

test.each(["http://evil.example/", "*", "runs", "", "/%", "/%zz", "/runs/%ff"])(
  "the target %j is no address here",
  (target) => expect(refusalOf({ ...asked, target })?.status).toBe(400),
);

test.each([
  ["/", []],
  ["/runs/a%2Fb?x=/y#/z", ["runs", "a/b"]],
  ["//evil.example/runs", ["evil.example", "runs"]],
  ["/runs/..%2f..%2fetc", ["runs", "../../etc"]],
  ["/runs/%2e%2e/x", ["runs", "..", "x"]],
])("%s is read as names, of which none is a path", (target, parts) =>
  expect(pathParts(target)).toEqual(parts),
);
