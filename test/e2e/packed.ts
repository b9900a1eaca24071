import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { TemporaryFolder, type Finished } from "./tollgate-process.ts";

const repository = resolve(import.meta.dirname, "../..");
/** A user's shell: npm and whatever Node the machine has, nothing of this checkout's `node_modules`. */
const userPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** A project of somebody else, with a repository of its own, and a tarball of Tollgate as `npm pack` makes it. */
export class UserProject extends TemporaryFolder {
  readonly tarball: string;
  readonly folder = join(this.path, "their project");

  constructor() {
    super();
    const npm = ["pack", "--json", "--pack-destination", this.path];
    const said = execFileSync("npm", npm, {
      cwd: repository,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.tarball = join(this.path, packedSchema.parse(JSON.parse(said)));
    mkdirSync(this.folder);
    writeFileSync(join(this.folder, "package.json"), JSON.stringify({ name: "theirs", private: true }));
    writeFileSync(join(this.folder, ".gitignore"), "node_modules\nruns\n");
    this.sh("git init -q && git add . && git -c user.name=a -c user.email=a@b.c commit -qm theirs");
  }

  /** Puts the package where npm would, with the packages it depends on from this checkout: no registry is asked. No OpenClaw. */
  link(): void {
    const home = join(this.folder, "node_modules", "tollgate");
    mkdirSync(home, { recursive: true });
    execFileSync("tar", ["-xzf", this.tarball, "--strip-components=1", "-C", home]);
    const { dependencies } = manifestSchema.parse(
      JSON.parse(readFileSync(join(home, "package.json"), "utf8")),
    );
    for (const name of [...Object.keys(dependencies), `node-linux-${process.arch}`]) {
      const link = join(this.folder, "node_modules", name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(repository, "node_modules", name), link);
    }
    mkdirSync(join(this.folder, "node_modules", ".bin"));
    symlinkSync("../tollgate/bin/tollgate", join(this.folder, "node_modules", ".bin", "tollgate"));
  }

  /** @throws with what the shell said, when it fails */
  sh(line: string): string {
    return execFileSync("sh", ["-euc", line], { cwd: this.folder, encoding: "utf8", env: this.environment });
  }

  start(line: string) {
    const { folder: cwd, environment: env } = this;
    return spawn("sh", ["-c", line], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  }

  async run(line: string): Promise<Finished> {
    const child = this.start(line);
    const output = Promise.all([text(child.stdout), text(child.stderr)]);
    const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    const [stdout, stderr] = await output;
    return { code, signal, stdout, stderr };
  }

  get environment(): NodeJS.ProcessEnv {
    const { HOME, npm_config_registry, npm_config_cache, NODE_EXTRA_CA_CERTS } = process.env;
    return {
      HOME,
      npm_config_registry,
      npm_config_cache,
      NODE_EXTRA_CA_CERTS,
      PATH: `${join(this.folder, "node_modules", ".bin")}:${userPath}`,
      TMPDIR: this.path,
      NO_COLOR: "1",
    };
  }
}

/** npm 12 gives an object by package name, npm 10 and 11 a list. */
const packedSchema = z
  .union([
    z.array(z.object({ filename: z.string() })),
    z.record(z.string(), z.object({ filename: z.string() })),
  ])
  .transform((packed, context) => {
    const [first] = Object.values(packed);
    if (first !== undefined) return first.filename;
    context.addIssue("npm pack named no file");
    return z.NEVER;
  });
const manifestSchema = z.object({ dependencies: z.record(z.string(), z.string()) });
