import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const listening = "0A";

/** Processes that listen on a TCP port, as far as this user may look; null where there is no table of sockets to read. */
export function listenersOn(port: number): readonly number[] | null {
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) => {
    try {
      return [readFileSync(path, "utf8")];
    } catch {
      // No procfs, or no IPv6.
      return [];
    }
  });
  if (tables.length === 0) return null;
  const sockets = new Set(tables.flatMap((table) => listeningSockets(table, port)));
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => socketsOf(pid).some((socket) => sockets.has(socket)))
    .map(Number);
}

/** `socket:[inode]` of each line that listens there, as links of open files name it. */
export function listeningSockets(table: string, port: number): readonly string[] {
  return table.split("\n").flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [, hexPort = ""] = (fields[1] ?? "").split(":");
    const [state, inode] = [fields[3], fields[9]];
    return state === listening && Number.parseInt(hexPort, 16) === port ? [`socket:[${inode}]`] : [];
  });
}

function socketsOf(pid: string): readonly string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).flatMap((name) => {
      try {
        const target = readlinkSync(`${folder}/${name}`);
        return target.startsWith("socket:") ? [target] : [];
      } catch {
        // Closed meanwhile.
        return [];
      }
    });
  } catch {
    // It ended meanwhile, or is somebody else's.
    return [];
  }
}
