import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SandboxFactory } from "../../../bench/sandbox/sandbox.ts";
import { checkTools } from "../../../suites/tool-use/place/check-tools.ts";
import { factoryOf, testFolder } from "../../sandbox/kinds.ts";

const programs =
  "bash ls cat mkdir dirname mv cp rm find grep sed sort tr cut readlink printenv setsid sleep kill".split(
    " ",
  );

test.for(["bwrap", "unshare", "none"] as const)("the tools do what they say in %s", async (kind, context) => {
  using folder = testFolder();
  const sandboxes = await factoryOf(kind, folder.path);
  if (sandboxes === null) return context.skip();
  await expect(checkTools({ sandboxes, workspaces: join(folder.path, "w") })).resolves.toBeUndefined();
});

/** No sandbox, with these programs of the machine and no others. */
function withPrograms(sandboxes: SandboxFactory, names: readonly string[], bin: string): SandboxFactory {
  mkdirSync(bin);
  for (const name of names) {
    const path = ["/usr/bin", "/bin"].map((at) => join(at, name)).find((at) => existsSync(at));
    if (path !== undefined) symlinkSync(path, join(bin, name));
  }
  return {
    ...sandboxes,
    open: (request) => sandboxes.open({ ...request, environment: { ...request.environment, PATH: bin } }),
  };
}

async function checkedWith(names: readonly string[]): Promise<void> {
  using folder = testFolder();
  const sandboxes = await factoryOf("none", folder.path);
  if (sandboxes === null) throw new Error("none is always there");
  const limited = withPrograms(sandboxes, names, join(folder.path, "bin"));
  await checkTools({ sandboxes: limited, workspaces: join(folder.path, "w") });
}

test("the programs that are named as needed are enough", async () => {
  await expect(checkedWith(programs)).resolves.toBeUndefined();
});

/** Those whose lack shows only in what a tool says, and one whose lack is an error. */
const silent = ["dirname", "sed", "readlink", "printenv", "setsid", "kill"];

test.each(silent)("a sandbox without %s is refused before a model is blamed for it", async (missing) => {
  await expect(checkedWith(programs.filter((name) => name !== missing))).rejects.toThrow(
    /^The tools do not work in the sandbox of kind none: .*They need bash, ls,.*docker\/sandbox/s,
  );
});
