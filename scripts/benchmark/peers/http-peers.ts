import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { firstLineOf } from "./find-program.ts";
import { chatBody, chatPath, concurrency, fast, noClaims, type MissingPeer, type Peer } from "./peer.ts";

const json = "content-type: application/json";

/** From npm. It speaks of whole answers in whole milliseconds, not of tokens. */
export async function autocannonPeer(file: string): Promise<Peer | MissingPeer> {
  const version = await firstLineOf(file, ["--version"]);
  if (version === null)
    return { name: "autocannon", why: "not found: npm install autocannon, or --autocannon FILE" };
  return {
    name: "autocannon",
    version: version.replace(/^autocannon v?/, ""),
    python: false,
    sizes: fast,
    command: ({ url, load }) => {
      if (load.kind === "poisson") return null;
      const pace =
        load.kind === "closed"
          ? ["-c", String(concurrency), "-a", String(load.requests)]
          : ["-c", "10", "-R", String(load.perSecond), "-d", String(load.requests / load.perSecond)];
      const body = chatBody(load.kind !== "closed" || load.streamed);
      return { file, args: [...pace, "-j", "-m", "POST", "-H", json, "-b", body, url + chatPath] };
    },
    claims: () => noClaims,
  };
}

/** From Debian. Written in C; it reads no answer beyond its length. */
export async function wrkPeer(file: string): Promise<Peer | MissingPeer> {
  const version = await firstLineOf(file, ["-v"]);
  if (version === null) return { name: "wrk", why: "not found: apt-get install wrk, or --wrk FILE" };
  return {
    name: "wrk",
    version: /wrk (?:debian\/)?(\S+)/.exec(version)?.[1] ?? version,
    python: false,
    sizes: fast,
    command: ({ url, load, scratch }) => {
      if (load.kind !== "closed") return null;
      const script = join(scratch, "post.lua");
      const body = chatBody(load.streamed);
      writeFileSync(
        script,
        `wrk.method="POST"\nwrk.headers["content-type"]="application/json"\nwrk.body='${body}'\n`,
      );
      const args = ["-t", "1", "-c", String(concurrency), "-d", `${load.seconds}s`, "-s", script];
      return { file, args: [...args, url + chatPath] };
    },
    claims: () => noClaims,
  };
}

/** In Go. Its rate is one of each worker, so a constant rate is asked of one. */
export async function heyPeer(file: string): Promise<Peer | MissingPeer> {
  if ((await firstLineOf(file, ["-h"])) === null)
    return { name: "hey", why: "not found: go install github.com/rakyll/hey@latest, or --hey FILE" };
  return {
    name: "hey",
    version: "0.1",
    python: false,
    sizes: fast,
    command: ({ url, load }) => {
      if (load.kind === "poisson") return null;
      const pace =
        load.kind === "closed" ? ["-c", String(concurrency)] : ["-c", "1", "-q", String(load.perSecond)];
      const body = chatBody(load.kind !== "closed" || load.streamed);
      const args = ["-n", String(load.requests), ...pace, "-m", "POST", "-T", "application/json", "-d", body];
      return { file, args: [...args, url + chatPath] };
    },
    claims: () => noClaims,
  };
}
