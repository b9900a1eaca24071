import { existsSync, mkdirSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { StartError } from "../../errors.ts";
import type { SandboxContext } from "../context.ts";
import { startHolder } from "../holder.ts";
import { insideUser } from "../inside-environment.ts";
import { checkRequest } from "../request.ts";
import type { Sandbox, SandboxFactory, SandboxRequest } from "../sandbox.ts";
import { limitArguments } from "./enter.ts";
import { mountTable } from "./mount-table.ts";
import { namespaceSandbox } from "./namespace-sandbox.ts";
import { loopbackCommands, setUp } from "./set-up.ts";
import { writeSkeleton } from "./skeleton.ts";
import { visibleFiles, type VisibleFiles } from "./visible.ts";

interface Machine {
  readonly scratch: string;
  readonly skeleton: string;
  readonly visible: VisibleFiles;
  readonly outerEnvironment: Readonly<Record<string, string>>;
  readonly loopback: readonly string[];
}

/** Sandboxes made by `unshare` and `mount` of util-linux: nothing is installed for them. Works for root and for others. */
export function unshareFactory(context: SandboxContext): SandboxFactory {
  const scratch = join(realpathSync(context.scratchDirectory), "sandbox");
  const visible = visibleFiles([...context.hidden, context.scratchDirectory]);
  const skeleton = join(scratch, "skeleton");
  writeSkeleton(skeleton, visible);
  const machine: Machine = {
    scratch,
    skeleton,
    visible,
    outerEnvironment: outerEnvironment(context),
    loopback: loopbackCommand(),
  };
  return {
    kind: "unshare",
    facts: {},
    open: (request) => openUnshare(request, machine),
  };
}

/** Programs of the system come first; on some systems an ordinary user's PATH has no `pivot_root` and no `ip`. */
export function outerEnvironment({ childEnvironment }: SandboxContext): Readonly<Record<string, string>> {
  const path = `/usr/sbin:/usr/bin:/sbin:/bin:${childEnvironment["PATH"] ?? ""}`;
  return { ...childEnvironment, PATH: path, LC_ALL: "C" };
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
  const own = join(machine.scratch, request.name);
  const root = join(own, "root");
  mkdirSync(root, { recursive: true });
  const table = join(own, "mounts");
  const resolver = existsSync("/etc/resolv.conf") ? realpathSync("/etc/resolv.conf") : null;
  writeFileSync(table, mountTable(request, { root, visible: machine.visible, resolver }));
  const tidy = () => rm(own, { recursive: true, force: true });
  try {
    const holder = await startHolder(`The sandbox ${request.name} (unshare)`, {
      file: "unshare",
      arguments: [
        ...namespaces(request),
        "sh",
        "-c",
        setUp,
        "sandbox",
        root,
        machine.skeleton,
        table,
        ...steps(request, machine),
      ],
      environment: machine.outerEnvironment,
    });
    return namespaceSandbox({
      kind: "unshare",
      holder,
      outerEnvironment: machine.outerEnvironment,
      environment: request.environment,
      network: request.network,
      groups: [],
      processLimits: limitArguments(request.limits),
      tidy,
    });
  } catch (thrown) {
    await tidy();
    throw thrown;
  }
}

const namespaces = ({ network }: SandboxRequest): readonly string[] => [
  ...`--user --map-user=${insideUser.id} --map-group=${insideUser.id} --keep-caps`.split(" "),
  ..."--mount --pid --ipc --uts --cgroup --fork --kill-child".split(" "),
  ...(network ? [] : ["--net"]),
];

/** Arguments of the set-up program after its first three. */
function steps(request: SandboxRequest, { visible, loopback }: Machine): readonly string[] {
  const isFolder = (path: string) => statSync(path).isDirectory();
  const places = Map.groupBy(request.readOnly, ({ from }) => (isFolder(from) ? "--folder" : "--file"));
  const made = (kind: "--folder" | "--file") => (places.get(kind) ?? []).flatMap(({ to }) => [kind, to]);
  const parents = (places.get("--file") ?? []).flatMap(({ to }) => ["--folder", join(to, "..")]);
  return [
    ...parents,
    ...made("--folder"),
    ...made("--file"),
    ...visible.inner.flatMap(({ at, noexec }) => ["--inner", `nosuid,nodev${noexec ? ",noexec" : ""}`, at]),
    ...(request.network ? ["--none"] : ["--loopback", ...loopback]),
  ];
}
