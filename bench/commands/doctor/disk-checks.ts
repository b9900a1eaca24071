import { access, constants, statfs } from "node:fs/promises";
import { resolve } from "node:path";
import { messageOf } from "../../errors.ts";
import { exists } from "../../store/read-run.ts";
import { found, gibibytes, problem, type DoctorCheck, type DoctorFinding } from "./finding.ts";

/** Where runs go, and where they put what is gone afterwards. */
export const diskChecks: readonly DoctorCheck[] = [
  async ({ workingDirectory }) => [
    await folderFinding(
      "runs folder",
      resolve(workingDirectory, "runs"),
      "sweep --out FOLDER names another one",
    ),
  ],
  async ({ temporaryDirectory }) => [
    await folderFinding("temporary", temporaryDirectory, "TMPDIR names another one"),
    ...socketFindings(temporaryDirectory),
  ],
];

const [freeLowBytes, freeMinBytes] = [2 ** 30, 128 * 2 ** 20];

async function folderFinding(name: string, folder: string, elsewhere: string): Promise<DoctorFinding> {
  const there = await existing(folder);
  try {
    await access(there, constants.W_OK);
    const { bavail, bsize } = await statfs(there);
    return spaceFinding(name, { folder, freeBytes: bavail * bsize, elsewhere });
  } catch (error) {
    return problem(name, "failed", {
      what: `${folder} cannot be written: ${messageOf(error)}`,
      change: `${elsewhere}.`,
    });
  }
}

export function spaceFinding(
  name: string,
  {
    folder,
    freeBytes,
    elsewhere,
  }: { readonly folder: string; readonly freeBytes: number; readonly elsewhere: string },
): DoctorFinding {
  const what = `${folder}: ${gibibytes(freeBytes)} free`;
  if (freeBytes >= freeLowBytes) return found(name, what);
  return problem(name, freeBytes < freeMinBytes ? "failed" : "warning", {
    what,
    change: `An episode with its bodies takes some 20 to 250 KiB: free space, or ${elsewhere}.`,
  });
}

/** The folder, or what of its path is there. */
async function existing(folder: string): Promise<string> {
  for (let path = folder; ; path = resolve(path, "..")) if (await exists(path)) return path;
}

/** A Unix socket's path has 107 bytes; those below a scratch folder take up to 40 of them. */
const folderBytesMax = 107 - 40;

export function socketFindings(folder: string): readonly DoctorFinding[] {
  const bytes = Buffer.byteLength(folder);
  if (bytes <= folderBytesMax) return [];
  return [
    problem("sockets", "failed", {
      what: `${folder} is ${bytes} bytes long: sockets of the tool server do not fit below it`,
      change: "Set TMPDIR to a shorter path, e.g. /tmp.",
    }),
  ];
}
