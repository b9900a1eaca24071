#!/bin/bash
# A real Kubernetes with one real node on one Debian machine, without Docker: etcd, API server, controllers, scheduler, containerd and kubelet
# in a network and a mount namespace of their own. Needs root, and a folder with the binaries (test/kubernetes/binaries.sh makes it):
#   TOLLGATE_KUBERNETES=/cache/k8s test/kubernetes/cluster.sh start      prints the path of the kubeconfig
#   … load IMAGE.tar NAME[:TAG]...    makes an image known to the node under these names, whatever registry they name
#   … in COMMAND...                   runs a command in the cluster's namespaces
#   … status | stop
# From this machine the API server is https://10.251.0.2:26443. Pods reach programs of this machine at 10.251.0.1, as long as those listen there.
set -euo pipefail
umask 022
here=${TOLLGATE_KUBERNETES:?is not set: the folder with bin/ (kube-apiserver …) and root/ (unpacked Debian packages)}
here=$(realpath "$here")
run=$here/run
space=tollgate-k8s
host=10.251.0.1
node=10.251.0.2
token=test-admin-token
# `$here/root` holds what the Debian packages unpack to; it is no home folder.
export PATH=$here/bin:$here/root/usr/bin:$here/root/usr/sbin:$here/root/sbin:$here/root/bin:$PATH
libraries=$here/root/usr/lib/x86_64-linux-gnu:$here/root/lib/x86_64-linux-gnu
kubeconfig=$run/kubeconfig

need() {
  for file in bin/kube-apiserver bin/kube-controller-manager bin/kube-scheduler bin/kubelet root/usr/bin/etcd root/usr/bin/containerd; do
    [ -x "$here/$file" ] || { echo "cluster.sh: $here/$file is missing: run test/kubernetes/binaries.sh" >&2; exit 3; }
  done
  [ "$(id -u)" = 0 ] || { echo "cluster.sh: namespaces, mounts and containers need root" >&2; exit 3; }
}

alive() { [ -f "$run/$1.pid" ] && kill -0 "$(cat "$run/$1.pid")" 2>/dev/null; }

# Not `ip netns exec`: that mounts /sys anew, and the control groups in it vanish.
inside() { LD_LIBRARY_PATH=$libraries nsenter -t "$(cat "$run/containerd.pid")" -n -m -- "$@"; }

# spawn NAME COMMAND...: in the namespaces, in a session of its own, with a log and a pid
spawn() {
  local name=$1
  shift
  inside setsid bash -c 'echo $$ >"$1.pid"; log=$1.log; shift; exec "$@" >"$log" 2>&1' spawn "$run/$name" "$@" >/dev/null 2>&1 </dev/null &
  disown
}

wait_for() { # SECONDS WHAT COMMAND...
  local seconds=$1 what=$2
  shift 2
  for _ in $(seq $((seconds * 4))); do "$@" >/dev/null 2>&1 && return 0; sleep 0.25; done
  echo "cluster.sh: $what was not ready after $seconds s; logs are in $run" >&2
  exit 3
}

network() {
  ip netns add $space
  local in="nsenter --net=/var/run/netns/$space"
  ip link add tgk-host type veth peer name tgk-node
  ip link set tgk-node netns $space
  ip addr add $host/24 dev tgk-host
  ip link set tgk-host up
  $in ip link set lo up
  $in ip addr add $node/24 dev tgk-node
  $in ip link set tgk-node up
  $in ip route add default via $host
  # Answers to pods find their way back.
  ip route add 10.244.0.0/24 via $node
}

settings() {
  mkdir -p "$run"/{etc/cni,etc/certs.d/_default,certs,pod-logs,kubelet,sysctl}
  cat >"$run/etc/containerd.toml" <<T
version = 2
root = "$run/containerd"
state = "$run/containerd-state"
[grpc]
address = "$run/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "registry.k8s.io/pause:3.10"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "$here/root/usr/lib/cni"
conf_dir = "$run/etc/cni"
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = "$here/root/usr/sbin/runc"
SystemdCgroup = false
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "$run/etc/certs.d"
T
  # Whatever registry an image names, it is asked for here; what nobody has pushed cannot be pulled.
  printf 'server = "http://127.0.0.1:25500"\n[host."http://127.0.0.1:25500"]\ncapabilities = ["pull", "resolve"]\n' >"$run/etc/certs.d/_default/hosts.toml"
  printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s}, delete: {enabled: true}}\nhttp: {addr: "127.0.0.1:25500"}\n' "$run/registry" >"$run/etc/registry.yml"
  cat >"$run/etc/cni/10-bridge.conflist" <<'T'
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
 {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
  "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
T
  cat >"$run/etc/kubelet.yaml" <<T
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
failSwapOn: false
localStorageCapacityIsolation: false
address: 0.0.0.0
port: 20250
healthzPort: 20248
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
containerRuntimeEndpoint: unix://$run/containerd.sock
podLogsDir: $run/pod-logs
featureGates: {KubeletInUserNamespace: true}
evictionHard: {memory.available: 200Mi, nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1%}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
maxPods: 60
T
  cat >"$kubeconfig" <<T
apiVersion: v1
kind: Config
clusters: [{name: tollgate-test, cluster: {server: "https://$node:26443", insecure-skip-tls-verify: true}}]
users: [{name: admin, user: {token: $token}}]
contexts: [{name: tollgate-test, context: {cluster: tollgate-test, user: admin}}]
current-context: tollgate-test
T
  [ -f "$run/certs/sa.key" ] || openssl genrsa -out "$run/certs/sa.key" 2048 2>/dev/null
  openssl rsa -in "$run/certs/sa.key" -pubout -out "$run/certs/sa.pub" 2>/dev/null
  echo "$token,admin,admin-uid,\"system:masters\"" >"$run/certs/tokens.csv"
}

start_containerd() {
  cat >"$run/enter.sh" <<T
mount --make-rshared /
for p in /proc/sys/vm /proc/sys/kernel; do mount --bind \$p \$p && mount -o remount,bind,ro \$p; done
# The kubelet insists on writing these: it gets copies.
for f in kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes vm/overcommit_memory vm/panic_on_oom; do
  copy=$run/sysctl/\${f//\//_}; cat /proc/sys/\$f >\$copy; mount --bind \$copy /proc/sys/\$f
done
echo 1 >/proc/sys/net/ipv4/ip_forward
export LD_LIBRARY_PATH=$libraries
echo \$\$ >$run/containerd.pid
exec containerd -c $run/etc/containerd.toml >$run/containerd.log 2>&1
T
  rm -f "$run/containerd.pid"
  setsid nsenter --net=/var/run/netns/$space unshare -m --propagation private bash "$run/enter.sh" </dev/null >/dev/null 2>&1 &
  disown
  wait_for 30 containerd test -S "$run/containerd.sock"
}

api_ready() { [ "$(inside curl -sk -m 2 -H "Authorization: Bearer $token" https://127.0.0.1:26443/readyz)" = ok ]; }

start_control_plane() {
  local etcd=http://127.0.0.1:22379 peer=http://127.0.0.1:22380
  spawn etcd etcd --data-dir "$run/etcd" --listen-client-urls $etcd --advertise-client-urls $etcd --listen-peer-urls $peer \
    --initial-advertise-peer-urls $peer --initial-cluster default=$peer --unsafe-no-fsync
  start_api
  spawn kube-controller-manager kube-controller-manager --kubeconfig="$kubeconfig" --leader-elect=false --bind-address=127.0.0.1 --secure-port=0 \
    --service-account-private-key-file="$run/certs/sa.key" --root-ca-file="$run/certs/api/apiserver.crt" --enable-hostpath-provisioner=true \
    --controllers=*,-kube-apiserver-serving-clustertrustbundle-publisher-controller
  # The folders that it makes for volumes are root's, and pods are not root.
  spawn volumes bash -c 'while sleep 0.2; do chmod 0777 /tmp/hostpath_pv/* 2>/dev/null; done'
  spawn kube-scheduler kube-scheduler --kubeconfig="$kubeconfig" --leader-elect=false --bind-address=127.0.0.1 --secure-port=0
}

start_api() {
  spawn kube-apiserver kube-apiserver --etcd-servers=http://127.0.0.1:22379 --bind-address=0.0.0.0 --advertise-address=$node --secure-port=26443 \
    --cert-dir="$run/certs/api" --service-cluster-ip-range=10.96.0.0/16 --service-account-issuer=https://127.0.0.1:26443 \
    --service-account-key-file="$run/certs/sa.pub" --service-account-signing-key-file="$run/certs/sa.key" --token-auth-file="$run/certs/tokens.csv" \
    --authorization-mode=RBAC --allow-privileged=true --endpoint-reconciler-type=none --kubelet-preferred-address-types=InternalIP
  wait_for 90 "the API server" api_ready
}

start_node() {
  spawn registry docker-registry serve "$run/etc/registry.yml"
  spawn kubelet kubelet --config="$run/etc/kubelet.yaml" --kubeconfig="$kubeconfig" --root-dir="$run/kubelet" --cert-dir="$run/kubelet-pki" \
    --hostname-override=node-0 --node-ip=$node --v=1
}

node_ready() { api "api/v1/nodes/node-0" | tr -d ' \n' | grep -qE '"type":"Ready","status":"True"'; }
api() { curl -sk -m 5 -H "Authorization: Bearer $token" "https://$node:26443/$1"; }
create() { curl -sk -m 5 -H "Authorization: Bearer $token" -H 'content-type: application/json' -d "$2" "https://$node:26443/$1" >/dev/null; }

load() { # TAR NAME...
  local tar=$1 first=$2 reference
  shift
  inside ctr -a "$run/containerd.sock" -n k8s.io images import --no-unpack "$tar" >"$run/load.log" 2>&1 || { cat "$run/load.log" >&2; exit 1; }
  reference=$(tar -xOf "$tar" manifest.json | grep -oE '"RepoTags": *\["[^"]+' | sed 's/.*"//')
  for name in "$@"; do
    local path=${name#*/}
    # Docker Hub's images have their own place; the others lose their registry, because there is only one.
    case "$name" in */*.*/* | *.*/* | *:*/*) ;; */*) path=$name ;; *) path=library/$name ;; esac
    inside ctr -a "$run/containerd.sock" -n k8s.io images tag --force "$reference" "127.0.0.1:25500/$path" >/dev/null
    inside ctr -a "$run/containerd.sock" -n k8s.io images push --plain-http "127.0.0.1:25500/$path" >>"$run/load.log" 2>&1 || { tail -5 "$run/load.log" >&2; exit 1; }
  done
  echo "loaded $first"
}

pause_image() {
  # A pause container has to do nothing, and busybox can.
  "$(dirname "$0")/image.py" "$run/pause.tar" registry.k8s.io/pause:3.10 --entrypoint '["/bin/busybox","sleep","2147483647"]' "$here/root/bin/busybox:/bin/busybox" >/dev/null
  load "$run/pause.tar" registry.k8s.io/pause:3.10 >/dev/null
}

start() {
  need
  if alive kubelet && alive kube-apiserver; then echo "$kubeconfig"; return; fi
  stop >/dev/null 2>&1 || true
  settings
  network
  start_containerd
  start_control_plane
  start_node
  wait_for 30 "the registry" inside curl -sf -m 2 http://127.0.0.1:25500/v2/
  pause_image
  create apis/storage.k8s.io/v1/storageclasses '{"apiVersion":"storage.k8s.io/v1","kind":"StorageClass","metadata":{"name":"standard","annotations":{"storageclass.kubernetes.io/is-default-class":"true"}},"provisioner":"kubernetes.io/host-path","reclaimPolicy":"Delete"}'
  wait_for 90 "the node" node_ready
  echo "$kubeconfig"
}

stop_one() {
  alive "$1" || return 0
  local pid
  pid=$(cat "$run/$1.pid")
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 60); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  kill -9 "$pid" 2>/dev/null || true
  rm -f "$run/$1.pid"
}

stop() {
  if alive containerd; then
    stop_one kubelet
    local ctr="inside ctr -a $run/containerd.sock -n k8s.io"
    for task in $($ctr tasks list -q 2>/dev/null); do $ctr tasks kill -s SIGKILL "$task" >/dev/null 2>&1 || true; done
    sleep 1
  fi
  for name in volumes kubelet kube-scheduler kube-controller-manager kube-apiserver etcd registry containerd; do stop_one $name; done
  # Shims are what is left of containers; each names our socket.
  for pid in $(grep -lsz -- "$run/containerd.sock" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3); do kill -9 "$pid" 2>/dev/null || true; done
  ip link del tgk-host 2>/dev/null || true
  ip route del 10.244.0.0/24 via $node 2>/dev/null || true
  ip netns pids $space 2>/dev/null | xargs -r kill -9 2>/dev/null || true
  ip netns del $space 2>/dev/null || true
  for name in $(ip netns list 2>/dev/null | grep -oE '^cni-[^ ]+'); do ip netns del "$name" 2>/dev/null || true; done
  find /sys/fs/cgroup -depth -type d \( -path '*/k8s.io*' -o -path '*/kubepods*' \) -exec rmdir {} + 2>/dev/null || true
  rm -rf /tmp/hostpath_pv "$run"/{etcd,kubelet,containerd,containerd-state,containerd.sock,pod-logs,registry} 2>/dev/null || true
}

case "${1:-}" in
  start) start ;;
  stop) stop ;;
  load) shift; load "$@" ;;
  in) shift; inside "$@" ;;
  restart-api) start_api ;;
  stop-api) stop_one kube-apiserver ;;
  status)
    for name in containerd etcd kube-apiserver kube-controller-manager kube-scheduler registry kubelet; do
      printf '%-26s %s\n' "$name" "$(alive $name && echo up || echo down)"
    done
    ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
