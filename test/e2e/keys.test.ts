import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { unpack } from "../pack/unpacked.ts";
import { lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { expectExit, tollgate } from "./tollgate-process.ts";

const gateway = resolve("test/run/replay/fixtures/odd-gateway-program.ts");
const key = "k3y-0f-a-pr0vider";

/** Files below a folder that hold a text. */
function filesWith(text: string, folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(text));
}

test("a key reaches the gateway that needs it and no file; another key later, and the run goes on", async () => {
  using place = new Workplace();
  const environment = { AZURE_API_KEY: "${PROVIDER_KEY}", UPSTREAM: "${PROVIDER_KEY}" };
  const written = { WRITTEN_API_KEY: `written-${key}`, ...environment };
  const command = [process.execPath, gateway, "{engine}", "{port}", "", "--api-key", "${PROVIDER_KEY}"];
  place.write({ arms: [{ kind: "command", name: "litellm", command, environment: written }] });
  const run = async (value: string, ...args: readonly string[]) =>
    tollgate(["sweep", place.file, "--out", place.runs, ...unchecked, ...args], {
      ...place.environment,
      PROVIDER_KEY: value,
    });
  const swept = await run(key, "--set", `arms.0.environment.SET_TOKEN=set-${key}`);
  expectExit(swept, 0);
  const directory = lastLine(swept);
  expect([filesWith(key, directory), swept.stdout.includes(key), swept.stderr.includes(key)]).toEqual([
    [],
    false,
    false,
  ]);
  expect(JSON.parse(readFileSync(join(directory, "run.json"), "utf8"))).toMatchObject({
    resolved: {
      arms: [{ environment: { ...environment, WRITTEN_API_KEY: "(secret)", SET_TOKEN: "(secret)" } }],
    },
  });
  const resumed = await run(
    "rotated",
    "--set",
    "arms.0.environment.SET_TOKEN=rotated",
    "--resume",
    directory,
  );
  expectExit(resumed, 0);

  const planned = await tollgate(["plan", place.file], { PROVIDER_KEY: key });
  expect([planned.code, planned.stdout.includes(key)]).toEqual([0, false]);

  const archive = join(place.path, "packed.tar.zst");
  expectExit(await tollgate(["pack", directory, "-o", archive], { PROVIDER_KEY: key }), 0);
  const opened = join(place.path, "unpacked");
  await unpack(archive, opened);
  expect(filesWith(key, opened)).toEqual([]);
});
