import { expect, test } from "vitest";
import { removeContainer } from "../../bench/docker/container.ts";
import { DockerError, type Docker } from "../../bench/docker/docker-command.ts";
import { ensureImage, type PullPolicy, type PullProgress } from "../../bench/docker/images.ts";

const facts = JSON.stringify({ id: "sha256:1", tags: [], digests: null, labels: null, command: null });
const refusal = (reason: string) => new DockerError("x", { refused: true, reason });

/** A docker that has the image, or gets it by a pull that prints these lines or fails. */
function dockerWith({
  present,
  pull,
}: {
  readonly present: boolean;
  readonly pull: readonly string[] | Error;
}) {
  const calls: string[] = [];
  let has = present;
  const docker: Docker = (args, call) => {
    calls.push(args.slice(0, args[0] === "image" ? 2 : 1).join(" "));
    if (args[0] === "image")
      return has ? Promise.resolve(facts) : Promise.reject(refusal("No such image: r.io/a:1"));
    if (pull instanceof Error) return Promise.reject(pull);
    for (const line of pull) call?.onLine?.(line);
    has = true;
    return Promise.resolve("");
  };
  return { docker, calls };
}

const ensure = (docker: Docker, policy: PullPolicy, progress: PullProgress[] = []) =>
  ensureImage(docker, "r.io/a:1", { policy, onProgress: (sum) => progress.push(sum) });

test.each([
  ["never", true, ["image inspect"]],
  ["missing", true, ["image inspect"]],
  ["missing", false, ["image inspect", "pull", "image inspect"]],
  ["always", true, ["pull", "image inspect"]],
] as const)("pull: %s, image there: %s", async (policy, present, expected) => {
  const { docker, calls } = dockerWith({ present, pull: [] });
  expect(await ensure(docker, policy)).toMatchObject({ id: "sha256:1", digests: [], labels: {} });
  expect(calls).toEqual(expected);
});

test("layers are counted once each, and done when they are in place", async () => {
  const progress: PullProgress[] = [];
  const lines = [
    "1: Pulling from a",
    "aaaaaaaaaaaa: Pulling fs layer",
    "bbbbbbbbbbbb: Already exists",
    "aaaaaaaaaaaa: Download complete",
    "aaaaaaaaaaaa: Pull complete",
    "Digest: sha256:2",
  ];
  await ensure(dockerWith({ present: false, pull: lines }).docker, "missing", progress);
  expect(progress.map(({ layers, layersDone }) => `${layersDone}/${layers}`)).toEqual([
    "0/1",
    "1/2",
    "1/2",
    "2/2",
  ]);
});

test.each([
  ['Head "https://r.io/v2/a": no basic auth credentials', /nobody is logged in at r\.io/],
  [
    "pull access denied for a, repository does not exist or may require 'docker login'",
    /nobody is logged in at r\.io/,
  ],
  ["unauthorized: incorrect username or password", /credentials for r\.io .* were refused/],
  ["manifest for r.io/a:1 not found: manifest unknown", /there is no such tag/],
  ["toomanyrequests: You have reached your pull rate limit", /r\.io limits anonymous pulls/],
  ["dial tcp: lookup r.io: no such host", /r\.io cannot be reached from the daemon/],
  ["write /var/lib/docker/tmp: no space left on device", /the disk of Docker is full/],
  ["something new", /see the reason below\. Docker said: something new/],
])("a pull that fails says what to do: %s", async (reason, advice) => {
  const { docker } = dockerWith({ present: false, pull: refusal(reason) });
  await expect(ensure(docker, "missing")).rejects.toThrow(advice);
});

test.each(["No such container: c", "removal of container c is already in progress"])(
  "removing what is gone, or going, is no failure: %s",
  async (reason) => {
    await expect(removeContainer(() => Promise.reject(refusal(reason)), "c")).resolves.toBeUndefined();
  },
);

test("a removal that fails otherwise is one", async () => {
  const failing: Docker = () => Promise.reject(refusal("driver failed to remove root filesystem"));
  await expect(removeContainer(failing, "c")).rejects.toThrow(DockerError);
});
