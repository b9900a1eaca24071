import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LogFrames } from "../../bench/docker/log-frames.ts";

function frame(stream: 1 | 2, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(stream, 0);
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

test("payloads come out whole and in order, wherever the transport cuts the frames", async () => {
  const frames = fc.array(
    fc.tuple(fc.constantFrom(1 as const, 2 as const), fc.uint8Array({ maxLength: 50 })),
  );
  await fc.assert(
    fc.asyncProperty(frames, fc.array(fc.nat(400), { maxLength: 12 }), async (parts, cuts) => {
      const wire = Buffer.concat(parts.map(([stream, payload]) => frame(stream, payload)));
      const at = [0, ...cuts.map((cut) => Math.min(cut, wire.length)).toSorted((a, b) => a - b), wire.length];
      const chunks = at.slice(1).map((end, index) => wire.subarray(at[index], end));
      const output = await buffer(Readable.from(chunks).pipe(new LogFrames()));
      expect(output).toEqual(Buffer.concat(parts.map(([, payload]) => payload)));
    }),
  );
});
