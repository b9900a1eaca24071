import { becomeFirst } from "../first-process.ts";

/** How the sandbox's own loopback is brought up; the first of these programs that the machine has. */
export const loopbackCommands: Readonly<Record<string, readonly string[]>> = {
  ip: ["ip", "link", "set", "lo", "up"],
  ifconfig: ["ifconfig", "lo", "127.0.0.1", "up"],
  // SIOCSIFFLAGS with IFF_UP | IFF_RUNNING, for machines that have neither (slim images of Debian).
  perl: [
    "perl",
    "-e",
    'use Socket; socket(my $s, AF_INET, SOCK_DGRAM, 0) or die $!; my $r = pack("a16 s x14", "lo", 0x41); ioctl($s, 0x8914, $r) or die $!;',
  ],
};

/**
 * What runs first in new namespaces, as a program of `sh`: mounts all that is seen, makes it the only root, says which
 * process it is, and becomes `cat`, which ends when this program's standard input does: when the driver is gone.
 *
 * Arguments: folder of the root, table of mounts, for each mount below a read-only folder `--inner`, its options and its
 * place, and after `--loopback` a command.
 */
export const setUp = String.raw`
set -e
root=$1 table=$2
shift 2
# Opened by this shell itself, in the /proc of the machine: its number there.
read -r pid rest </proc/self/stat
mount -a -n -T "$table"
while [ "$1" = --inner ]; do mount -n -o "remount,bind,ro,$2" "$root$3"; shift 3; done
mkdir "$root/tmp/home"
# By the system call: the file is the machine's root's. Where the program is missing, the name stays the machine's.
hostname sandbox 2>/dev/null || :
nested=1
if { echo 0 >/proc/sys/user/max_user_namespaces; } 2>/dev/null; then nested=0; fi
[ "$1" != --loopback ] || { shift; "$@"; }
mount -n -o remount,bind,ro,nosuid,nodev,noexec "$root/proc"
mount -n -o remount,bind,ro,nosuid,nodev "$root"
cd "$root"
pivot_root . old
umount -n -i -c -l /old
cd /
echo "ready $pid $nested"
${becomeFirst("env -i", "setpriv --no-new-privs --ambient-caps=-all --inh-caps=-all")}
`;
