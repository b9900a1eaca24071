import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { basename, join } from "node:path";
import type { SandboxLimits } from "../../bench/sandbox/sandbox.ts";

/** What no command inside may ever print. */
export const canary = "CANARY-5f1d0c";

/** Small, so that an attempt to pass them does no harm where nothing holds it. */
export const smallLimits: SandboxLimits = {
  processes: 40,
  memoryBytes: 96 * 1024 ** 2,
  fileBytes: 2 * 1024 ** 2,
  diskBytes: 12 * 1024 ** 2,
};

/** Things of this machine that lie beside a sandbox, as keys, other runs and servers lie beside a real one. */
export interface Outside extends AsyncDisposable {
  /** A home with a key, another run's workspace, a socket. */
  readonly folder: string;
  readonly home: string;
  readonly secret: string;
  readonly socket: string;
  readonly abstractSocket: string;
  readonly port: number;
  /** A process of this machine, with a key in its environment and arguments. */
  readonly neighbour: ChildProcess & { readonly pid: number };
}

export async function placeOutside(folder: string): Promise<Outside> {
  const home = join(folder, "home");
  mkdirSync(join(home, ".ssh"), { recursive: true });
  mkdirSync(join(folder, "other-run"), { recursive: true });
  const secret = join(home, ".ssh", "id_ed25519");
  for (const path of [secret, join(folder, "other-run", "answer")]) writeFileSync(path, canary);
  const socket = join(folder, "docker.sock");
  const abstractSocket = `tollgate-canary-${basename(folder)}`;
  const servers = await Promise.all([listen(socket), listen(`\0${abstractSocket}`), listen(0)]);
  const neighbour = spawn("sh", ["-c", "sleep 600; :", canary], {
    env: { PATH: process.env["PATH"], OPENAI_API_KEY: canary },
    stdio: "ignore",
  });
  const { pid } = neighbour;
  const address = servers[2]?.address();
  if (pid === undefined || address === null || typeof address !== "object") throw new Error("no neighbour");
  return {
    folder,
    home,
    secret,
    socket,
    abstractSocket,
    port: address.port,
    neighbour: Object.assign(neighbour, { pid }),
    [Symbol.asyncDispose]: async () => {
      neighbour.kill("SIGKILL");
      await Promise.all(servers.map((server) => (server.close(), once(server, "close"))));
    },
  };
}

async function listen(at: string | number): Promise<Server> {
  const server = createServer((connection) => connection.end(canary));
  if (typeof at === "number") server.listen(at, "127.0.0.1");
  else server.listen(at);
  await once(server, "listening");
  return server;
}

/** One way out. */
export interface Escape {
  readonly name: string;
  /** Prints `ESCAPED`, or the canary, when it has got out. */
  readonly script: (outside: Outside) => string;
  /** Whether something out there was changed, which a script cannot always tell. */
  readonly changed?: (outside: Outside) => boolean;
  /** Not tried where nothing holds it: it would harm this machine (`harm`), or an environment of its own already keeps it in (`kept`). */
  readonly heldOnly?: "harm" | "kept";
}

const python = (lines: string) => `python3 - <<'END'\n${lines}\nEND`;
const connect = (family: string, address: string) =>
  python(`import socket
s = socket.socket(socket.${family})
s.settimeout(5)
s.connect(${address})
print(s.recv(100).decode())`);
const made = (name: string) => (outside: Outside) => existing(join(outside.folder, name));

function existing(path: string): boolean {
  try {
    return readFileSync(path, "utf8") !== "";
  } catch {
    return false; // Nobody has written it.
  }
}

export const escapes: readonly Escape[] = [
  // Files of others.
  { name: "reads a key in a home folder", script: ({ secret }) => `cat '${secret}'` },
  {
    name: "reads the user's home",
    script: () => `[ -n "$(ls -A /root ~root /home 2>/dev/null)" ] && echo ESCAPED`,
  },
  {
    name: "reads another run's files",
    script: ({ folder }) => `cat '${folder}'/other-run/* ../other-run/* /workspace/../other-run/*`,
  },
  {
    name: "finds them in the machine's /tmp",
    script: ({ folder }) => `ls /tmp /var/tmp "$TMPDIR" | grep -q '^${basename(folder)}$' && echo ESCAPED`,
  },
  {
    name: "finds them through /proc",
    script: ({ secret }) => `cat /proc/[0-9]*/root'${secret}' /proc/[0-9]*/cwd/*/.ssh/id_ed25519`,
  },
  {
    name: "reads shadow and other settings",
    script: () =>
      `cat /etc/shadow /etc/ssh/sshd_config /etc/docker/daemon.json /etc/machine-id /etc/fstab >/tmp/out 2>/dev/null; [ -s /tmp/out ] && echo ESCAPED; rm -f /tmp/out`,
  },
  { name: "reads through a symbolic link", script: ({ secret }) => `ln -sf '${secret}' link && cat link` },
  { name: "reads through a hard link", script: ({ secret }) => `ln -f '${secret}' hard && cat hard` },
  { name: "reads what Tollgate ships", script: () => `cat '${process.cwd()}/package.json' && echo ESCAPED` },
  {
    name: "opens a file by its handle",
    heldOnly: "harm",
    script: () =>
      python(`import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
root = __import__("os").open("/workspace", 0)
handle = struct.pack("<II", 8, 1) + struct.pack("<II", 2, 0)
fd = libc.open_by_handle_at(root, handle, 0)
if fd >= 0: print("ESCAPED")`),
  },
  // Keys.
  {
    name: "finds a key in its environment",
    heldOnly: "kept",
    script: () => `env | grep -E '${canary}|API_KEY'`,
  },
  {
    name: "finds a key in the environment of another process",
    script: () => `cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep -a ${canary}`,
  },
  {
    name: "finds a key in the arguments of another process",
    script: () => `cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep -a '^${canary}$'`,
  },
  // Writes.
  {
    name: "writes beside its workspace",
    script: ({ folder }) => `echo x >'${folder}'/written; echo x >../written`,
    changed: made("written"),
  },
  {
    name: "deletes others' files",
    script: ({ folder, secret }) =>
      `cp '${secret}' '${folder}/copy' && rm '${secret}' && mv '${folder}/copy' '${secret}' && echo ESCAPED`,
  },
  {
    name: "writes among the programs",
    script: () =>
      `for at in / /usr /usr/bin /etc /lib /var /run; do touch $at/tollgate-canary && rm -f $at/tollgate-canary && echo ESCAPED; done`,
  },
  {
    // Its own is a matter of the sandbox; the machine's is not.
    name: "writes to the machine's /dev",
    script: () => "echo x >/dev/tollgate-canary",
    changed: () => {
      const written = existing("/dev/tollgate-canary");
      rmSync("/dev/tollgate-canary", { force: true });
      return written;
    },
  },
  {
    name: "changes a program",
    script: () =>
      `chmod u+w /usr/bin/env && echo ESCAPED; cp /usr/bin/true /tmp/true-$$ && mount --bind /tmp/true-$$ /tmp/true-$$ && umount /tmp/true-$$ && echo ESCAPED; rm -f /tmp/true-$$`,
  },
  {
    name: "writes to the machine's /tmp",
    script: ({ folder }) =>
      `echo x >/tmp/tollgate-canary-$$; mkdir -p '${folder}' && echo x >'${folder}/in-tmp'; rm -f /tmp/tollgate-canary-$$`,
    changed: made("in-tmp"),
  },
  // Mounts, namespaces, devices, settings of the kernel.
  {
    name: "mounts",
    script: () =>
      `unshare -m sh -c 'mount -t tmpfs none /mnt || mount -t tmpfs none /workspace || mount -t proc none /proc' && echo ESCAPED`,
  },
  {
    name: "makes programs writable",
    heldOnly: "harm",
    script: () =>
      `for how in '' 'unshare -Ur' 'unshare -Urm'; do $how sh -c 'mount -o remount,bind,rw /usr && touch /usr/tollgate-canary' && echo ESCAPED; done`,
  },
  {
    name: "uncovers what is covered",
    heldOnly: "harm",
    script: () =>
      `for how in '' 'unshare -Ur' 'unshare -Urm'; do $how sh -c 'umount /usr/src || umount /usr/local/etc || umount -l /proc || umount /' && echo ESCAPED; done`,
  },
  {
    name: "leaves its root",
    script: ({ secret }) =>
      python(`import os
os.mkdir("jail") if not os.path.isdir("jail") else None
fd = os.open("/", os.O_RDONLY)
try: os.chroot("jail")
except OSError: pass
else:
  os.fchdir(fd)
  for _ in range(50): os.chdir("..")
  os.chroot(".")
print(open("${secret}").read())`),
  },
  {
    name: "enters the namespaces of the machine",
    script: ({ neighbour, secret }) =>
      `nsenter -t ${neighbour.pid} -a cat '${secret}'; nsenter -t 1 -m cat '${secret}'; nsenter -t 1 -a cat '${secret}'`,
  },
  {
    name: "reads a device",
    script: () =>
      `for d in /dev/[hsvx]d? /dev/vd? /dev/nvme?n1 /dev/mem /dev/kmsg /dev/loop0; do head -c 1 $d >/dev/null 2>&1 && echo ESCAPED; done; mknod disk-$$ b 254 0 && head -c 1 disk-$$ && echo ESCAPED; mknod mem-$$ c 1 1 && echo ESCAPED; rm -f disk-$$ mem-$$`,
  },
  {
    name: "changes settings of the kernel",
    script: () =>
      `cat /proc/sys/kernel/core_pattern >/tmp/pattern-$$ && cat /tmp/pattern-$$ >/proc/sys/kernel/core_pattern && echo ESCAPED; echo h >/proc/sysrq-trigger && echo ESCAPED; rm -f /tmp/pattern-$$`,
  },
  {
    name: "makes a control group",
    script: () =>
      `mkdir /sys/fs/cgroup/pids/canary-$$ || mkdir /sys/fs/cgroup/canary-$$ && echo ESCAPED; rmdir /sys/fs/cgroup/pids/canary-$$ /sys/fs/cgroup/canary-$$`,
  },
  {
    name: "gains a capability",
    script: () =>
      `grep -E '^Cap(Inh|Prm|Eff|Amb):' /proc/self/status | grep -qv ':\\s*0000000000000000' && echo ESCAPED`,
  },
  {
    name: "gains privileges by a program that gives them",
    script: () => `grep -q '^NoNewPrivs:\\s*1' /proc/self/status || echo ESCAPED`,
  },
  {
    name: "sets the clock",
    heldOnly: "harm",
    script: () =>
      python(`import time
time.clock_settime(time.CLOCK_REALTIME, time.time())
print("ESCAPED")`),
  },
  // Processes.
  {
    name: "sees the machine's processes",
    script: ({ neighbour }) =>
      `[ "$(cat /proc/${neighbour.pid}/comm)" = sh ] && [ "$(ls -d /proc/[0-9]* | wc -l)" -gt 10 ] && echo ESCAPED`,
  },
  {
    name: "signals a process of the machine",
    script: ({ neighbour }) =>
      `kill -0 ${neighbour.pid} && grep -q 'sleep 600' /proc/${neighbour.pid}/cmdline && echo ESCAPED`,
  },
  {
    name: "ends all processes",
    heldOnly: "harm",
    script: () => "kill -9 -1",
    changed: ({ neighbour }) => neighbour.exitCode !== null || neighbour.signalCode !== null,
  },
  {
    name: "traces a process of the machine",
    script: ({ neighbour }) =>
      python(`import ctypes
libc = ctypes.CDLL(None, use_errno=True)
if libc.ptrace(16, ${neighbour.pid}, 0, 0) == 0: print("ESCAPED")`),
  },
  // Network and sockets.
  {
    name: "reaches a server of the machine",
    script: ({ port }) => connect("AF_INET", `("127.0.0.1", ${port})`),
  },
  {
    name: "reaches the Docker engine's socket",
    script: ({ socket }) =>
      `${connect("AF_UNIX", `"${socket}"`)}\n[ -S /var/run/docker.sock ] && echo ESCAPED`,
  },
  {
    name: "reaches a socket without a file",
    script: ({ abstractSocket }) => connect("AF_UNIX", `"\\0${abstractSocket}"`),
  },
  {
    name: "has a way to other machines",
    script: () => `[ -n "$(grep -v lo: /proc/self/net/dev | grep :)" ] && echo ESCAPED`,
  },
  // Limits.
  {
    name: "starts more processes than it may",
    script: () =>
      python(`import os, time
n = 0
try:
  while n < 80:
    if os.fork() == 0:
      time.sleep(5)
      os._exit(0)
    n += 1
except OSError: pass
if n >= 80: time.sleep(1); print("ESCAPED")`),
  },
  {
    name: "uses more memory than it may",
    script: () =>
      python(`import time
held = []
for _ in range(30): held.append(b"x" * 10_000_000)
time.sleep(1)
print("ESCAPED")`),
  },
  {
    name: "uses more memory than it may in several processes",
    script: () =>
      python(`import os, time
for _ in range(6):
  if os.fork() == 0:
    held = b"x" * 40_000_000
    time.sleep(3)
    os._exit(0)
ends = [os.wait()[1] for _ in range(6)]
if not any(ends): print("ESCAPED")`),
  },
  {
    name: "writes a larger file than it may",
    script: () => `head -c 4000000 /dev/zero >large && echo ESCAPED; rm -f large`,
  },
  {
    name: "fills its /tmp",
    script: () =>
      `mkdir -p /tmp/full && for i in $(seq 40); do head -c 1500000 /dev/zero >/tmp/full/$i || exit; done; sleep 1; echo ESCAPED; rm -rf /tmp/full`,
  },
  {
    name: "fills the disk with its workspace",
    script: () =>
      `mkdir -p full && for i in $(seq 20); do head -c 1500000 /dev/zero >full/$i || exit; done; sleep $WAIT; echo ESCAPED; rm -rf full`,
  },
  {
    name: "fills the disk with empty files",
    script: () =>
      `mkdir -p empty && cd empty && seq 20000 | xargs touch; sleep $WAIT; echo ESCAPED; rm -rf ../empty`,
  },
];
