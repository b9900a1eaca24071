import { expect, test } from "vitest";
import { encodePost } from "../../bench/load/encode-post.ts";

test("a request is the bytes that HTTP wants, and what it does not allow is refused", () => {
  const body = Buffer.from('{"a":"é"}');
  expect(encodePost({ host: "h:1", path: "/v1" }, { headers: { "x-a": "b" }, body }).toString()).toBe(
    `POST /v1 HTTP/1.1\r\nhost: h:1\r\nx-a: b\r\ncontent-length: ${body.length}\r\n\r\n{"a":"é"}`,
  );
  const bad =
    (headers: Record<string, string>, path = "/v1") =>
    () =>
      encodePost({ host: "h", path }, { headers, body });
  expect(bad({ "x-a": "b\r\nx-c: d" })).toThrow(TypeError);
  expect(bad({ "x a": "b" })).toThrow("cannot be sent");
  expect(bad({ "x-a": "日" })).toThrow("cannot be sent");
  expect(bad({}, "/v1 HTTP/1.1\r\n")).toThrow("the path");
});
