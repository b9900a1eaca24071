import { expect, test } from "vitest";
import { placeOutside } from "./canaries.ts";
import { openPlace } from "./kinds.ts";
import { escaped, waiting } from "./try-escapes.ts";

test("docker: no command gets out", async (context) => {
  await using place = await openPlace("docker", context, waiting(25));
  await using outside = await placeOutside(place.folder);
  expect(await escaped(place, outside)).toEqual([]);
  expect(outside.neighbour.signalCode).toBeNull();
});
