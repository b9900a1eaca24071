import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

/** A registry with one image, which it gives to one user. */
export interface TestRegistry extends AsyncDisposable {
  /** Reference of the image: on 127.0.0.1, where Docker does without TLS. */
  readonly image: string;
  /** `sha256:…` of its manifest. */
  readonly digest: string;
}

export async function startRegistry(login: {
  readonly user: string;
  readonly password: string;
}): Promise<TestRegistry> {
  const tar = pack();
  tar.entry({ name: "hello" }, "hello");
  tar.finalize();
  const layer = await buffer(tar);
  const blobs = new Map<string, Buffer>();
  const store = (content: Buffer, mediaType: string) => {
    const digest = digestOf(content);
    blobs.set(digest, content);
    return { mediaType, size: content.length, digest };
  };
  const config = store(
    Buffer.from(
      JSON.stringify({
        architecture: process.arch === "x64" ? "amd64" : process.arch,
        os: "linux",
        config: { Cmd: ["/hello"] },
        rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
      }),
    ),
    "application/vnd.docker.container.image.v1+json",
  );
  const layers = [store(gzipSync(layer), "application/vnd.docker.image.rootfs.diff.tar.gzip")];
  const mediaType = "application/vnd.docker.distribution.manifest.v2+json";
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers }));
  const digest = digestOf(manifest);
  const wanted = `Basic ${Buffer.from(`${login.user}:${login.password}`).toString("base64")}`;

  const server = createServer((request, response) => {
    if (request.headers.authorization !== wanted) {
      const refusal = { errors: [{ code: "UNAUTHORIZED", message: "authentication required" }] };
      response.writeHead(401, {
        "www-authenticate": 'Basic realm="test"',
        "content-type": "application/json",
      });
      response.end(JSON.stringify(refusal));
      return;
    }
    const [, what, reference = ""] =
      /^\/v2\/test\/hello\/(manifests|blobs)\/(.+)$/.exec(request.url ?? "") ?? [];
    const found =
      what === "blobs" ? blobs.get(reference) : ["1", digest].includes(reference) ? manifest : undefined;
    if (request.url === "/v2/") response.end("{}");
    else if (found === undefined)
      response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
    else {
      const type = what === "blobs" ? "application/octet-stream" : mediaType;
      const headers = {
        "content-type": type,
        "content-length": found.length,
        "docker-content-digest": digestOf(found),
      };
      response.writeHead(200, headers).end(request.method === "HEAD" ? undefined : found);
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    image: `127.0.0.1:${port}/test/hello:1`,
    digest,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}
