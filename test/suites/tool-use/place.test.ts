import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ToolUseCase } from "../../../suites/tool-use/contract/case.ts";
import { openPlace } from "../../../suites/tool-use/place/open-place.ts";
import { load } from "../../../suites/tool-use/tools/tool-use-tools.ts";
import { factoryOf, testFolder } from "../../sandbox/kinds.ts";
import { aCase } from "./a-case.ts";

const setup: ToolUseCase["setup"] = {
  files: { "a/b.txt": "1", "c.txt": "2" },
  processes: ["mail", "queue"],
  environment: { REGION: "north" },
  service: { orders: [{ id: "A-1", quantity: 2 }] },
};
const state = {
  files: { "new.txt": "x" },
  service: [{ list: "orders", where: {}, count: 1 }],
  processes: { mail: true },
};
const task = aCase({ setup, state });

test.for(["bwrap", "unshare", "none"] as const)(
  "a place in %s holds what its case says, and is gone afterwards",
  async (kind, context) => {
    using folder = testFolder();
    const sandboxes = await factoryOf(kind, folder.path);
    if (sandboxes === null) return context.skip();
    let directory: string;
    {
      await using place = await openPlace(
        { sandboxes, workspaces: join(folder.path, "w") },
        setup,
        `p-${kind}`,
      );
      directory = place.hostDirectory;
      const environment = load({ declared: [] }).open("one", {
        workspace: { enter: place.sandbox.enter([]) },
        shop: { url: place.shopUrl },
        faults: [],
      });
      const call = async (name: string, given: object) =>
        await environment.call({ name, requestor: "assistant", argumentsText: JSON.stringify(given) });
      const listed = async () => (await call("list_processes", {})).content.split("\n").toSorted();
      expect(await listed()).toEqual(["mail", "queue"]);
      expect(await call("get_variable", { name: "REGION" })).toMatchObject({ content: "north\n" });
      expect(await call("stop_process", { name: "mail" })).toMatchObject({ error: false });
      expect(await listed()).toEqual(["queue"]);
      writeFileSync(join(directory, "new.txt"), "x");
      rmSync(join(directory, "c.txt"));
      const found = await place.look(task);
      expect([...found.files].toSorted(([a], [b]) => a.localeCompare(b))).toEqual([
        ["a/b.txt", "1"],
        ["new.txt", "x"],
      ]);
      expect([found.processes, found.service]).toEqual([["queue"], { orders: setup.service["orders"] }]);
    }
    expect(() => rmSync(directory)).toThrow(/ENOENT/);
  },
);

test("a link, a folder and bytes that are no text are there, and are nothing that a case names", async (context) => {
  using folder = testFolder();
  const sandboxes = await factoryOf("none", folder.path);
  if (sandboxes === null) return context.skip();
  const files = { "link.txt": "1", "folder.txt": "2", "bytes.txt": "3" };
  const bare = { ...setup, files, processes: [] };
  await using place = await openPlace({ sandboxes, workspaces: join(folder.path, "w") }, bare, "odd");
  for (const path of Object.keys(files)) rmSync(join(place.hostDirectory, path));
  symlinkSync("/etc/passwd", join(place.hostDirectory, "link.txt"));
  mkdirSync(join(place.hostDirectory, "folder.txt"));
  writeFileSync(join(place.hostDirectory, "bytes.txt"), Buffer.from([0xff, 0xfe]));
  const { files: found } = await place.look(aCase({ setup: bare }));
  expect(found).toEqual(new Map(Object.keys(files).map((path) => [path, null])));
});
