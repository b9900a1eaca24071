import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { noDockerd, startDockerd, type TestDockerd } from "../docker/dockerd.ts";

/** Programs of this machine that the test's image is made of: what escapes and tests call. */
const programs =
  "sh bash cat ls mkdir rm cp mv ln touch chmod mknod mount umount unshare nsenter setsid env id sleep head seq xargs grep cut sort tr wc " +
  "echo rmdir kill ps python3 true mkfifo cmp hostname";

export const testImage = "tollgate-test/sandbox:1";

/** A daemon of the test's own with an image of this machine's programs; null where none can be started. */
export async function startSandboxDocker(): Promise<TestDockerd | null> {
  if (noDockerd !== null) return null;
  const daemon = await startDockerd({ gpus: false });
  const folder = mkdtempSync(join(tmpdir(), "sandbox-image-"));
  try {
    const root = join(folder, "root");
    fillRoot(root);
    execFileSync("sh", ["-c", `tar -C "$0" -c . | docker import - ${testImage}`, root], {
      env: { ...process.env, DOCKER_HOST: daemon.host },
      stdio: "pipe",
    });
    return daemon;
  } catch (thrown) {
    await daemon[Symbol.asyncDispose]();
    throw thrown;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function fillRoot(root: string): void {
  for (const name of ["bin", "lib", "lib64", "sbin"]) {
    mkdirSync(join(root, "usr", name), { recursive: true });
    symlinkSync(`usr/${name}`, join(root, name));
  }
  const put = (path: string, real = realpathSync(path)) => {
    const place = join(root, real);
    mkdirSync(dirname(place), { recursive: true });
    if (!existsSync(place)) cpSync(real, place, { recursive: true, dereference: true });
  };
  const putLibrary = (library: string) => {
    put(library);
    const asked = join(root, realpathSync(dirname(library)), library.slice(dirname(library).length + 1));
    mkdirSync(dirname(asked), { recursive: true });
    if (!existsSync(asked)) symlinkSync(realpathSync(library), asked);
  };
  for (const name of programs.split(" ")) {
    const path = ["/usr/bin", "/usr/sbin", "/bin"].map((at) => join(at, name)).find((at) => existsSync(at));
    if (path === undefined) continue;
    const real = realpathSync(path);
    put(real);
    if (!existsSync(join(root, "usr/bin", name))) symlinkSync(real, join(root, "usr/bin", name));
    for (const library of librariesOf(real)) putLibrary(library);
  }
  const python = realpathSync("/usr/bin/python3");
  const standard = `/usr/lib/${python.slice(python.lastIndexOf("/") + 1)}`;
  if (existsSync(standard)) put(standard);
  // What ctypes loads is no library of the program's own.
  for (const extension of globSync(join(standard, "lib-dynload/_ctypes.*.so")))
    for (const library of librariesOf(extension)) putLibrary(library);
}

const librariesOf = (program: string) =>
  execFileSync("ldd", [program], { encoding: "utf8" })
    .split("\n")
    .flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
