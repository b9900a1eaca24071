import type { SandboxContext } from "../context.ts";
import { becomeFirst } from "../first-process.ts";
import { startHolder } from "../holder.ts";
import { insideUser } from "../inside-environment.ts";
import { limitKeeping } from "../limits/keep-limits.ts";
import { tmpBytes } from "../limits/tmp-bytes.ts";
import { checkRequest } from "../request.ts";
import type { SandboxFactory, SandboxRequest } from "../sandbox.ts";
import { withoutInherited } from "../descriptors.ts";
import { openNamespaces } from "./namespace-sandbox.ts";
import { maskedFiles } from "./mount-table.ts";
import { outerEnvironment, prepareRoot, resolverFile, type PreparedRoot } from "./prepared-root.ts";
import { devices, writePlaces } from "./skeleton.ts";

/** Sandboxes made by bubblewrap. Like `unshare`, with the mounts made by a program that was written for it. */
export function bwrapFactory(context: SandboxContext): SandboxFactory {
  const root = prepareRoot(context);
  const environment = outerEnvironment(context);
  const keeping = limitKeeping();
  return {
    kind: "bwrap",
    facts: {
      ...keeping.facts,
      ...(!hasTerminals && { terminals: "none: commands cannot open a pseudo-terminal" }),
    },
    open: async (request) => {
      checkRequest(request);
      writePlaces(root.skeleton, request.readOnly);
      return openNamespaces({
        kind: "bwrap",
        request,
        keeping,
        outerEnvironment: environment,
        tidy: async () => undefined,
        start: () =>
          startHolder(`The sandbox ${request.name} (bwrap)`, {
            file: "sh",
            arguments: [
              "-c",
              start,
              "sandbox",
              ...namespaces(request),
              ...mounts(request, root),
              "--",
              "sh",
              "-c",
              init,
            ],
            environment,
          }),
      });
    },
  };
}

/** bwrap closes the descriptor on which it has told the number: a copy, because what runs inside writes to the other. */
const start = `${withoutInherited}become sh -c 'exec bwrap --info-fd 3 "$@" 3>&1' bwrap "$@"`;

/** The first process inside; bwrap has said its number on this machine before (`--info-fd`). */
const init = `echo "ready -"\n${becomeFirst("env -i")}`;

const namespaces = ({ network }: SandboxRequest): readonly string[] => [
  ...`--unshare-user --uid ${insideUser.id} --gid ${insideUser.id} --unshare-pid --unshare-ipc`.split(" "),
  ..."--unshare-uts --unshare-cgroup --hostname sandbox --as-pid-1 --die-with-parent".split(" "),
  ...(network ? [] : ["--unshare-net"]),
];

/**
 * With a `/dev` of its own, which has pseudo-terminals, bwrap makes a second user namespace within the first, and the others
 * belong to the first: only root can then enter them. For others the devices are the machine's, without terminals.
 */
const hasTerminals = process.getuid?.() === 0;

function mounts(request: SandboxRequest, { skeleton, visible }: PreparedRoot): readonly string[] {
  const see = (from: string, to: string) => ["--ro-bind", from, to];
  const resolver = request.network ? resolverFile() : null;
  return [
    ...see(skeleton, "/"),
    ...visible.folders.flatMap((path) => see(path, path)),
    ...visible.covered.flatMap((path) => ["--size", "4096", "--tmpfs", path, "--remount-ro", path]),
    ...visible.coveredFiles.flatMap((path) => see("/dev/null", path)),
    ...(resolver === null ? [] : see(resolver, "/etc/resolv.conf")),
    ...(hasTerminals
      ? ["--dev", "/dev"]
      : devices.flatMap((name) => ["--dev-bind", `/dev/${name}`, `/dev/${name}`])),
    "--proc",
    "/proc",
    ...maskedFiles.flatMap((path) => see("/dev/null", path)),
    ...`--remount-ro /proc --size ${64 * 1024 ** 2} --perms 1777 --tmpfs /dev/shm`.split(" "),
    // Else bwrap's /dev would be memory without a limit.
    ...(hasTerminals ? ["--remount-ro", "/dev"] : []),
    ...`--size ${tmpBytes(request.limits)} --perms 1777 --tmpfs /tmp --dir /tmp/home`.split(" "),
    "--bind",
    request.workspace,
    "/workspace",
    ...request.readOnly.flatMap(({ from, to }) => see(from, to)),
  ];
}
