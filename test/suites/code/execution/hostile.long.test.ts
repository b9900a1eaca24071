import { expect, test } from "vitest";
import { holdingKinds } from "../../../sandbox/kinds.ts";
import { hostilePrograms } from "./hostile-programs.ts";
import { judgingPlace } from "./judging-place.ts";
import { tryHostile } from "./try-hostile.ts";

/** Prints its table where TOLLGATE_TABLE is set. */
test.for(holdingKinds)("%s: no hostile program passes", { timeout: 300_000 }, async (kind, context) => {
  using place = await judgingPlace(kind, context);
  const rows = await tryHostile(place, hostilePrograms);
  if (process.env["TOLLGATE_TABLE"] !== undefined) process.stdout.write(`${kind}\n${rows.join("\n")}\n`);
  expect(rows).toHaveLength(hostilePrograms.length);
});
