import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { BodyTooLongError, boundedBody, boundedText, saysTooLong } from "../../bench/host/bounded-body.ts";

test("a body is read up to its bound and no further", async () => {
  const pieces = ["ab", "", "cä"].map((text) => Buffer.from(text));
  expect(await boundedText(Readable.from(pieces), 5)).toBe("abcä");
  const longer = Readable.from(pieces);
  await expect(boundedBody(longer, 4)).rejects.toThrow(BodyTooLongError);
  expect(longer.destroyed).toBe(true);
});

test("an endless body is left, and the error says at which length", async () => {
  let given = 0;
  function* endless() {
    for (;;) {
      given += 1;
      yield Buffer.alloc(1 << 20);
    }
  }
  const thrown: unknown = await boundedBody(Readable.from(endless()), 3 << 20).catch(
    (error: unknown) => error,
  );
  expect(given).toBeLessThan(50);
  expect(saysTooLong((thrown as Error).message)).toBe(true);
  expect([null, "other side closed"].map(saysTooLong)).toEqual([false, false]);
});
