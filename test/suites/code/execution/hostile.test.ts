import { expect, test } from "vitest";
import { hostilePrograms } from "./hostile-programs.ts";
import { judgingPlace } from "./judging-place.ts";
import { tryHostile } from "./try-hostile.ts";

test("no hostile program passes, and each is told by name", { timeout: 120_000 }, async (context) => {
  using place = await judgingPlace("bwrap", context);
  const quick = hostilePrograms.filter(({ slow }) => slow !== true);
  expect(await tryHostile(place, quick)).toHaveLength(quick.length);
});
