import { existsSync, globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";

const read = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));
const versions = z.record(z.string(), z.string()).default({});
const { dependencies, optionalDependencies, devDependencies, allowScripts } = z
  .object({
    dependencies: versions,
    optionalDependencies: versions,
    devDependencies: versions,
    allowScripts: z.record(z.string(), z.boolean()),
  })
  .parse(read("package.json"));
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string(),
      license: z.string().optional(),
      hasInstallScript: z.boolean().optional(),
      dev: z.boolean().optional(),
      resolved: z.string().optional(),
    }),
  ),
});
const { packages } = lockSchema.parse(read("package-lock.json"));
const page = readFileSync("docs/dependencies.md", "utf8");
const rows = page
  .split("\n")
  .filter((line) => /^\| [@a-z]/.test(line) && !line.startsWith("| package"))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((field) => field.trim()),
  );

test("every package that package.json names has a row, with its version and licence, and no other has one", () => {
  const named = Object.keys({
    ...dependencies,
    ...optionalDependencies,
    ...devDependencies,
  });
  const wanted = named.map((name) => {
    const { version, license } = packages[`node_modules/${name}`] ?? {};
    return [name, version, license];
  });
  const byName = ([a = ""]: readonly unknown[], [b = ""]: readonly unknown[]) =>
    String(a).localeCompare(String(b));
  expect(rows.map((row) => row.slice(0, 3)).sort(byName)).toEqual(wanted.sort(byName));
  for (const row of rows) expect(row.slice(3)).not.toContain("");
});

test("versions for users are exact, and the lock file names no registry", () => {
  expect(
    Object.values({ ...dependencies, ...optionalDependencies }).filter((version) => !/^\d/.test(version)),
  ).toEqual([]);
  expect(Object.values(packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
});

test("the counts and the packages with install scripts are as the page says", () => {
  const installed = Object.entries(packages).filter(([path]) => path !== "");
  const without = installed.filter(([, { dev }]) => dev !== true);
  expect(page).toContain(
    `${installed.length} packages in all; ${without.length} of them for users who leave OpenClaw out`,
  );
  for (const name of Object.keys(allowScripts)) expect(page).toContain(`\`${name}\``);
});

test("no install script is run: OpenClaw's own refuses the Node of most machines", () => {
  // npm 11 asks allowScripts; npm 10 runs what the lock file says has scripts, so nothing in it says so.
  expect(Object.values(allowScripts)).not.toContain(true);
  const scripts = Object.keys(packages).filter((path) => {
    const manifest = `${path}/package.json`;
    if (path === "" || !existsSync(manifest)) return false;
    const { scripts } = z.object({ scripts: versions }).parse(read(manifest));
    return ["preinstall", "install", "postinstall"].some((name) => name in scripts);
  });
  expect(scripts.map((path) => path.replace(/^.*node_modules\//, "")).sort()).toEqual(
    Object.keys(allowScripts),
  );
  expect(Object.values(packages).filter(({ hasInstallScript }) => hasInstallScript)).toEqual([]);
});

test("OpenClaw is optional for users and always there for developers", () => {
  expect(optionalDependencies["openclaw"]).toBe(devDependencies["openclaw"]);
});

test("whatever users install is imported by the product", () => {
  const source = globSync(
    ["bench", "openclaw-tau2", "suites", "scripts"].map((folder) => `${folder}/**/*.ts`),
  )
    .map((path) => readFileSync(path, "utf8"))
    .join("\n");
  const unused = Object.keys(dependencies).filter(
    (name) => !source.includes(`from "${name}`) && !source.includes(`import("${name}`),
  );
  expect(unused).toEqual([]);
  // The agent is started as a program, from its folder.
  expect(existsSync("node_modules/openclaw/package.json")).toBe(true);
});
