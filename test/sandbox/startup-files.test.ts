import { describe, expect, test } from "vitest";
import { holdingKinds, openPlace, shell } from "./kinds.ts";

/**
 * Node's pipes are sockets, and a bash whose standard input is one takes itself for a remote shell and reads ~/.bashrc.
 * What that says stands beside the command's own output.
 */
describe.each(holdingKinds)("%s", (kind) => {
  test("no start-up file of this machine's user is read on the way in", async (context) => {
    await using place = await openPlace(kind, context);
    const { stdout, stderr } = await shell(place.sandbox, "cat", { input: "only this" });
    expect({ stdout, stderr }).toEqual({ stdout: "only this", stderr: "" });
  });
});
