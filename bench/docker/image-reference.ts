/** The parts of a reference such as `registry:5000/repo/name:tag` or `name@sha256:…`, with Docker's defaults filled in. */
export interface ImageReference {
  /** Host to look for credentials of; `docker.io` when none is named. */
  readonly registry: string;
  /** As the Engine API's `fromImage` takes it: without tag and digest. */
  readonly name: string;
  /** Tag or digest, as the Engine API's `tag` takes it. */
  readonly tag: string;
}

export function parseImageReference(image: string): ImageReference {
  const [name, digest] = splitAt(image, image.indexOf("@"));
  const lastSlash = name.lastIndexOf("/");
  const colon = name.indexOf(":", lastSlash + 1);
  const [untagged, tag] = splitAt(name, colon);
  const first = untagged.split("/")[0] ?? "";
  // Docker's rule: the first part is a host when it looks like one.
  const isHost = untagged.includes("/") && (/[.:]/.test(first) || first === "localhost");
  return { registry: isHost ? first : "docker.io", name: untagged, tag: digest ?? tag ?? "latest" };
}

function splitAt(text: string, index: number): [before: string, after: string | null] {
  return index < 0 ? [text, null] : [text.slice(0, index), text.slice(index + 1)];
}
