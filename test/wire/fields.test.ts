import { expect, test } from "vitest";
import { endToEndHeaders, headerOf } from "../../bench/wire/fields.ts";

test("headers of one connection stay behind, those that Connection names as well, all others pass as written", () => {
  const flat = [
    ["Host", "a"],
    ["connection", "close, X-Own "],
    ["X-OWN", "1"],
    ["Transfer-Encoding", "chunked"],
    ["Set-Cookie", "a=1"],
    ["set-cookie", "b=2"],
    ["Keep-Alive", "timeout=5"],
    ["x-tollgate-request", "r"],
  ].flat();
  expect(endToEndHeaders(flat, new Set(["host"]))).toEqual([
    // As the body passes, so does how it ends.
    "Transfer-Encoding",
    "chunked",
    "Set-Cookie",
    "a=1",
    "set-cookie",
    "b=2",
    "x-tollgate-request",
    "r",
  ]);
});

test("a header is found by its lower-case name, of several the first", () => {
  expect(headerOf(["A", "1", "X-B", "2", "x-b", "3"], "x-b")).toBe("2");
  expect(headerOf(["A", "1"], "x-b")).toBeNull();
  expect(headerOf([], "a")).toBeNull();
});
