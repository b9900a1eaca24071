#!/bin/bash
# Makes the folder that cluster.sh needs: Kubernetes built from its Go module, the rest from Debian's packages; nothing is installed.
#   TOLLGATE_KUBERNETES=/cache/k8s test/kubernetes/binaries.sh
# Takes a quarter of an hour of one core and 7 GB the first time; keep the folder. Needs Go 1.26 or newer and apt-get.
set -euo pipefail
here=${TOLLGATE_KUBERNETES:?is not set: a folder with 7 GB of room, which is kept}
# The node's containerd is Debian's, and kubelet 1.38 takes none so old.
version=1.37.2
mkdir -p "$here"/{bin,debs,root,module,gotmp}
here=$(realpath "$here")

cd "$here/debs"
apt-get download containerd runc containernetworking-plugins busybox-static etcd-server docker-registry iptables libip4tc2 libip6tc2 \
  libnfnetlink0 libnetfilter-conntrack3 libxtables12 libnftnl11 conntrack socat
for package in *.deb; do dpkg-deb -x "$package" ../root; done

export GOMODCACHE=$here/gomod GOCACHE=$here/gocache GOTMPDIR=$here/gotmp CGO_ENABLED=0 GOFLAGS=-buildvcs=false
source=$GOMODCACHE/k8s.io/kubernetes@v$version
cd "$here/module"
go mod download "k8s.io/kubernetes@v$version"
# Its staging modules are replaced by folders of its own repository; here they are the published modules of the same release.
{
  printf 'module kube.local/tools\n\ngo 1.26.0\n\nrequire k8s.io/kubernetes v%s\n\nreplace (\n' $version
  sed -n '/^replace (/,/^)/p' "$source/go.mod" | awk -v v="v0.${version#1.}" '$2 == "=>" { print "\t" $1 " => " $1 " " v }'
  echo ')'
} >go.mod
go get -tool k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kube-scheduler,kubelet}@v$version
flags="-s -w"
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  flags="$flags -X $package.gitVersion=v$version -X $package.gitMajor=1 -X $package.gitMinor=37"
done
for command in kube-apiserver kube-controller-manager kubelet kube-scheduler; do
  nice go build -ldflags "$flags" -o "$here/bin/" "k8s.io/kubernetes/cmd/$command"
done
ls -l "$here/bin"
