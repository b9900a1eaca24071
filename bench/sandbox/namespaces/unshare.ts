import { existsSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { StartError } from "../../errors.ts";
import type { SandboxContext } from "../context.ts";
import { startHolder } from "../holder.ts";
import { insideUser } from "../inside-environment.ts";
import { limitKeeping, type LimitKeeping } from "../limits/keep-limits.ts";
import { checkRequest } from "../request.ts";
import type { Sandbox, SandboxFactory, SandboxRequest } from "../sandbox.ts";
import { withoutInherited } from "../descriptors.ts";
import { mountTable } from "./mount-table.ts";
import { openNamespaces } from "./namespace-sandbox.ts";
import { loopbackCommands, setUp } from "./set-up.ts";
import { outerEnvironment, prepareRoot, resolverFile, type PreparedRoot } from "./prepared-root.ts";
import { writePlaces } from "./skeleton.ts";

interface Machine extends PreparedRoot {
  readonly outerEnvironment: Readonly<Record<string, string>>;
  readonly loopback: readonly string[];
  readonly keeping: LimitKeeping;
}

/** Sandboxes made by `unshare` and `mount` of util-linux: nothing is installed for them. Works for root and for others. */
export function unshareFactory(context: SandboxContext): SandboxFactory {
  const machine: Machine = {
    ...prepareRoot(context),
    outerEnvironment: outerEnvironment(context),
    loopback: loopbackCommand(),
    keeping: limitKeeping(),
  };
  return {
    kind: "unshare",
    facts: machine.keeping.facts,
    open: (request) => openUnshare(request, machine),
  };
}

function loopbackCommand(): readonly string[] {
  const folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
  const found = Object.entries(loopbackCommands).find(([name]) =>
    folders.some((folder) => existsSync(join(folder, name))),
  );
  if (found !== undefined) return found[1];
  throw new StartError(
    "sandbox",
    "No sandbox of kind unshare: neither ip, ifconfig nor perl is there to bring up its loopback. Install iproute2.",
  );
}

async function openUnshare(request: SandboxRequest, machine: Machine): Promise<Sandbox> {
  checkRequest(request);
  const { skeleton, visible } = machine;
  writePlaces(skeleton, request.readOnly);
  const table = join(machine.scratch, `${request.name}.mounts`);
  writeFileSync(table, mountTable(request, { root: skeleton, visible, resolver: resolverFile() }));
  return openNamespaces({
    kind: "unshare",
    request,
    keeping: machine.keeping,
    outerEnvironment: machine.outerEnvironment,
    tidy: () => rm(table, { force: true }),
    start: () =>
      startHolder(`The sandbox ${request.name} (unshare)`, {
        file: "sh",
        arguments: [
          "-c",
          `${withoutInherited}become unshare "$@"`,
          "sandbox",
          ...namespaces(request),
          "sh",
          "-c",
          setUp,
          "sandbox",
          skeleton,
          table,
          ...steps(request, machine),
        ],
        environment: machine.outerEnvironment,
      }),
  });
}

/** Arguments of the set-up program after its first two. */
function steps({ network }: SandboxRequest, { visible, loopback }: Machine): readonly string[] {
  const inner = visible.inner.flatMap(({ at, noexec }) => [
    "--inner",
    `nosuid,nodev${noexec ? ",noexec" : ""}`,
    at,
  ]);
  return [...inner, ...(network ? ["--none"] : ["--loopback", ...loopback])];
}

const namespaces = ({ network }: SandboxRequest): readonly string[] => [
  ...`--user --map-user=${insideUser.id} --map-group=${insideUser.id} --keep-caps`.split(" "),
  ..."--mount --pid --ipc --uts --cgroup --fork --kill-child".split(" "),
  ...(network ? [] : ["--net"]),
];
