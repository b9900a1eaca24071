import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";

/** A folder with a copy of the launcher, beside programs that only say that they were started. */
class Place extends TemporaryFolder {
  readonly root: string;

  constructor(root = "tollgate") {
    super();
    this.root = join(this.path, root);
    this.#write("bin/tollgate", "");
    copyFileSync("bin/tollgate", join(this.root, "bin/tollgate"));
    for (const tool of ["sh", "readlink", "uname"]) {
      const found = spawnSync("sh", ["-c", `command -v ${tool}`], { encoding: "utf8" }).stdout.trim();
      this.#link(found, join(this.path, "system", tool));
    }
  }

  /** Its programs: `bench/main.ts` of a checkout, `dist/bench/main.js` of the package. */
  with(...programs: readonly string[]): this {
    for (const program of programs) this.#write(program, "");
    return this;
  }

  /** A node that says its name, its pid and what it was given; 7 is its exit code. @param folder in this place */
  withNode(folder: string, { name, version }: { readonly name: string; readonly version: string }): this {
    const says = `[ "$1" = --version ] && { echo ${version}; exit; }\necho ${name} $$; printf '%s\\n' "$@"; exit 7`;
    const file = join(this.path, folder, "node");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${says}\n`);
    chmodSync(file, 0o755);
    return this;
  }

  start(args: readonly string[] = [], launcher = join(this.root, "bin/tollgate")) {
    const PATH = `${join(this.path, "path")}:${join(this.path, "system")}`;
    const { status, stdout, stderr, pid } = spawnSync(launcher, args, { encoding: "utf8", env: { PATH } });
    const [head = "", heap = "", program = "", ...given] = stdout.trimEnd().split("\n");
    const [node, nodePid] = head.split(" ");
    return { status, stderr, node, samePid: Number(nodePid) === pid, heap, program, given };
  }

  link(path: string): string {
    this.#link(join(this.root, "bin/tollgate"), join(this.path, path));
    return join(this.path, path);
  }

  #write(name: string, text: string): void {
    const file = join(this.root, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  #link(target: string, path: string): void {
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path);
  }
}

const bundled = `node_modules/node-linux-${process.arch}/bin`;
const new24 = { name: "own", version: "v24.16.0" };

test.each(["v24.16.0", "v24.21.0", "v26.1.0", "v100.0.0"])("a machine's own Node %s is taken", (version) => {
  using place = new Place().with("bench/main.ts").withNode("path", { name: "own", version });
  expect(place.start()).toMatchObject({ status: 7, node: "own" });
});

test.each(["v24.15.9", "v24.9.0", "v22.30.0", "v20.20.2"])(
  "a machine's own Node %s is refused",
  (version) => {
    using place = new Place().with("bench/main.ts").withNode("path", { name: "own", version });
    const { status, stderr } = place.start();
    expect(status).toBe(3);
    expect(stderr).toContain(`needs Node 24.16 or newer and finds ${version}`);
  },
);

test("without any Node it says what to do", () => {
  using place = new Place().with("bench/main.ts");
  const { status, stderr } = place.start();
  expect(status).toBe(3);
  expect(stderr).toMatch(/^tollgate: needs Node 24\.16 or newer and finds no node\. .*--omit=optional.*\n$/);
});

test.skipIf(process.platform !== "linux").each([
  ["in the package's own folder", "app/node_modules/tollgate", "app/node_modules/tollgate"],
  ["beside the package", "app/node_modules/tollgate", "app"],
  [
    "beside the link that pnpm makes",
    "app/node_modules/.pnpm/tollgate@1/node_modules/tollgate",
    "app/node_modules/.pnpm/tollgate@1",
  ],
  ["in a checkout", "tollgate", "tollgate"],
])("the Node that npm installed %s goes before a machine's own", (_where, root, folder) => {
  using place = new Place(root)
    .with("dist/bench/main.js")
    .withNode(`${folder}/${bundled}`, { name: "bundled", version: "v24.21.0" })
    .withNode("path", { name: "own", version: "v26.0.0" });
  expect(place.start().node).toBe("bundled");
  expect(place.start([], place.link("app/node_modules/.bin/tollgate")).node).toBe("bundled");
});

test("words, exit code and process are those of the program", () => {
  using place = new Place("a folder with 'quotes' and \"more\"")
    .with("bench/main.ts")
    .withNode("path", new24);
  const words = ["sweep", "a b", "", "$HOME", "*", "--set", "x='1'"];
  const { heap, program, ...rest } = place.start(words);
  expect(heap).toBe("--max-semi-space-size=8");
  expect(program).toBe(join(place.root, "bench/main.ts"));
  expect(rest).toEqual({ status: 7, stderr: "", node: "own", samePid: true, given: words });
});

test("a checkout runs its sources also where a package was built in it", () => {
  using built = new Place().with("dist/bench/main.js").withNode("path", new24);
  expect(built.start().program).toBe(join(built.root, "dist/bench/main.js"));
  using both = new Place().with("dist/bench/main.js", "bench/main.ts").withNode("path", new24);
  expect(both.start().program).toBe(join(both.root, "bench/main.ts"));
  using neither = new Place().withNode("path", new24);
  expect(neither.start()).toMatchObject({ status: 3, stderr: expect.stringContaining("npm pack") as string });
});
