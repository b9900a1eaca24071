import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { readText } from "../../host/read-text.ts";

/** What of this machine is seen inside, read-only, and where links stand in place of folders. */
export interface VisibleFiles {
  readonly folders: readonly string[];
  readonly links: readonly { readonly at: string; readonly to: string }[];
  /** Copied once a run, because a copy that all sandboxes share costs each of them less than thirty mounts. */
  readonly settings: readonly string[];
  /** Covered with nothing: they lie below one of the folders. */
  readonly covered: readonly string[];
  /** Files that are there and empty. */
  readonly coveredFiles: readonly string[];
  /** Mounts below one of the folders, which a read-only folder does not make read-only. */
  readonly inner: readonly { readonly at: string; readonly noexec: boolean }[];
}

const programFolders = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/** Of `/etc` what programs need to find libraries, certificates, names and time zones. Nothing that may hold a key. */
const settings =
  "alternatives ca-certificates ca-certificates.conf crypto-policies debian_version fonts gai.conf host.conf java ld.so.cache " +
  "ld.so.conf ld.so.conf.d localtime magic mime.types nsswitch.conf os-release perl pki/ca-trust pki/tls/cert.pem pki/tls/certs " +
  "protocols python3 services ssl/cert.pem ssl/certs ssl/openssl.cnf terminfo timezone";

/** Where services and images keep settings and sources of their own, though it lies among the programs. */
const noPrograms = ["/usr/local/etc", "/usr/src"];

export function visibleFiles(hidden: readonly string[]): VisibleFiles {
  const links: { at: string; to: string }[] = [];
  const folders: string[] = [];
  for (const path of programFolders) {
    const facts = lstatSync(path, { throwIfNoEntry: false });
    if (facts?.isSymbolicLink() === true) links.push({ at: path, to: readlinkSync(path) });
    else if (facts !== undefined) folders.push(path);
  }
  const names = [
    ...settings.split(" "),
    ...readdirSync("/etc").filter((name) => /^(java|python3)[-.]/.test(name)),
  ];
  const covered = coveredPaths(folders, [...noPrograms, ...hidden]);
  const isFolder = (path: string) => statSync(path).isDirectory();
  return {
    folders,
    links,
    settings: names.map((name) => join("/etc", name)).filter((path) => existsSync(path)),
    covered: covered.filter(isFolder),
    coveredFiles: covered.filter((path) => !isFolder(path)),
    inner: mountPoints().filter(({ at }) => folders.some((folder) => at.startsWith(`${folder}/`))),
  };
}

/** A service's home may be one of these; without them there would be no programs. */
const neverCovered = new Set(
  ["bin", "sbin", "lib", "lib32", "lib64", "libexec", "share", "include", "local"].flatMap((name) => [
    `/usr/${name}`,
    `/usr/local/${name}`,
  ]),
);

function coveredPaths(folders: readonly string[], hidden: readonly string[]): readonly string[] {
  const real = hidden.filter((path) => existsSync(path)).map((path) => realpathSync(path));
  const below = [...new Set(real)].filter(
    (path) => !neverCovered.has(path) && folders.some((folder) => path.startsWith(`${folder}/`)),
  );
  // What lies below a covered folder is gone with it.
  return below.filter((path) => !below.some((other) => path.startsWith(`${other}/`)));
}

/** Fields of a line of mountinfo(5): id, parent, device, root, mount point, options. */
function mountPoints(): readonly { at: string; noexec: boolean }[] {
  return (readText("/proc/self/mountinfo") ?? "").split("\n").flatMap((line) => {
    const [, , , , at, options] = line.split(" ");
    if (at === undefined || options === undefined) return [];
    return [{ at: unescaped(at), noexec: options.split(",").includes("noexec") }];
  });
}

const unescaped = (path: string) =>
  path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)));
