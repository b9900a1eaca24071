#!/usr/bin/env python3
"""Writes an image (the archive that `docker save` writes) from files, without Docker. Layers are streamed, so size costs no memory.

image.py OUT.tar NAME [--entrypoint JSON] [--workdir DIR] [--user UID:GID] [--env NAME=VALUE]... SOURCE:DEST...
A SOURCE that is a folder is taken with everything in it; `busybox` in a DEST brings links for all of its commands.
`@libraries:FILE` takes the shared libraries of a program of this machine, `@dir:PATH:MODE` an empty folder, `@link:TARGET:PATH` a link,
`@text:PATH:TEXT` a file with a text."""
import argparse, hashlib, io, json, os, re, subprocess, sys, tarfile

parser = argparse.ArgumentParser()
parser.add_argument("out")
parser.add_argument("name")
parser.add_argument("parts", nargs="+")
parser.add_argument("--entrypoint", default="[]")
parser.add_argument("--workdir", default="/")
parser.add_argument("--user", default="")
parser.add_argument("--env", action="append", default=[])
parser.add_argument("--skip", action="append", default=[], help="regular expression of paths in folders that are left out")
args = parser.parse_args()

layer_path = args.out + ".layer"
seen = set()


def info(path, kind=tarfile.REGTYPE, mode=0o755, size=0, link=""):
    made = tarfile.TarInfo(path.strip("/"))
    made.type, made.mode, made.size, made.linkname = kind, mode, size, link
    return made


class Layer:
    def __init__(self, out):
        self.tar = tarfile.open(fileobj=out, mode="w|")

    def folder(self, path, mode=0o755):
        path = path.strip("/")
        if path == "" or path in seen:
            return
        self.folder(os.path.dirname(path))
        seen.add(path)
        self.tar.addfile(info(path, tarfile.DIRTYPE, mode))

    def link(self, target, path):
        self.folder(os.path.dirname(path))
        if path.strip("/") not in seen:
            seen.add(path.strip("/"))
            self.tar.addfile(info(path, tarfile.SYMTYPE, 0o777, link=target))

    def text(self, path, text, mode=0o644):
        self.folder(os.path.dirname(path))
        data = text.encode()
        seen.add(path.strip("/"))
        self.tar.addfile(info(path, mode=mode, size=len(data)), io.BytesIO(data))

    def file(self, source, path):
        self.folder(os.path.dirname(path))
        if path.strip("/") in seen:
            return
        seen.add(path.strip("/"))
        # Anybody may read and run what its owner may: OpenShift gives containers users of its own.
        mode = os.stat(source).st_mode
        with open(source, "rb") as data:
            self.tar.addfile(info(path, mode=0o755 if mode & 0o100 else 0o644, size=os.path.getsize(source)), data)

    def tree(self, source, dest, skipped):
        if not os.path.isdir(source):
            self.file(source, dest)
            if os.path.basename(dest) == "busybox":
                for name in subprocess.check_output([source, "--list"], text=True).split():
                    if name != "busybox":
                        self.link("busybox", os.path.dirname(dest) + "/" + name)
            return
        self.folder(dest)
        for folder, folders, files in os.walk(source):
            below = os.path.relpath(folder, source)
            place = dest if below == "." else f"{dest}/{below}"
            rel = "" if below == "." else below + "/"
            folders[:] = sorted(n for n in folders if not any(p.search(rel + n + "/") for p in skipped))
            for name in list(folders):
                if os.path.islink(os.path.join(folder, name)):
                    folders.remove(name)
                    self.link(os.readlink(os.path.join(folder, name)), f"{place}/{name}")
                else:
                    self.folder(f"{place}/{name}")
            for name in sorted(files):
                if any(p.search(rel + name) for p in skipped):
                    continue
                full = os.path.join(folder, name)
                if os.path.islink(full):
                    self.link(os.readlink(full), f"{place}/{name}")
                elif os.path.isfile(full):
                    self.file(full, f"{place}/{name}")

    def libraries(self, program):
        for found in re.findall(r"(/\S+)", subprocess.run(["ldd", program], capture_output=True, text=True).stdout):
            # The loader is asked for by this very path, so links are followed.
            self.file(os.path.realpath(found), found)


class Hashing:
    def __init__(self, out):
        self.out, self.hash = out, hashlib.sha256()

    def write(self, data):
        self.hash.update(data)
        return self.out.write(data)


with open(layer_path, "wb") as raw:
    hashing = Hashing(raw)
    layer = Layer(hashing)
    layer.folder("tmp", 0o1777)
    for path in ("bin", "etc", "proc", "sys", "dev", "root"):
        layer.folder(path)
    layer.text("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnode:x:1000:0::/home/node:/bin/sh\n")
    skipped = [re.compile(p) for p in args.skip]
    for part in args.parts:
        source, dest, *more = part.split(":", 2)
        if source == "@libraries":
            layer.libraries(dest)
        elif source == "@dir":
            layer.folder(dest, int(more[0], 8))
        elif source == "@link":
            layer.link(dest, more[0])
        elif source == "@text":
            layer.text(dest, more[0], 0o755)
        else:
            layer.tree(source, dest.rstrip("/"), skipped)
    layer.tar.close()
    digest = hashing.hash.hexdigest()

setting = {"Entrypoint": json.loads(args.entrypoint), "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", *args.env], "WorkingDir": args.workdir, "User": args.user}
config = json.dumps(
    {"architecture": "amd64", "os": "linux", "config": setting, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest]}, "history": [{"created_by": "test/kubernetes/image.py"}]}
).encode()
config_name = hashlib.sha256(config).hexdigest() + ".json"
manifest = json.dumps([{"Config": config_name, "RepoTags": [args.name], "Layers": [digest + "/layer.tar"]}]).encode()
with tarfile.open(args.out, "w") as out:
    for name, data in ((config_name, config), ("manifest.json", manifest)):
        out.addfile(info(name, mode=0o644, size=len(data)), io.BytesIO(data))
    with open(layer_path, "rb") as data:
        out.addfile(info(digest + "/layer.tar", mode=0o644, size=os.path.getsize(layer_path)), data)
os.unlink(layer_path)
print(args.out, os.path.getsize(args.out))
