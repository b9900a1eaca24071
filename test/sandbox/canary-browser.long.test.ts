import { expect, test } from "vitest";
import { canary, placeOutside } from "./canaries.ts";
import { openPlace, shell } from "./kinds.ts";

/** What a page in a sandbox shows. Debian's launcher of Chromium needs settings that are not inside. */
const shown = (address: string) =>
  `exec timeout 60 /usr/lib/chromium/chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$(mktemp -d)" --virtual-time-budget=5000 --dump-dom '${address}'`;

test.for(["bwrap", "unshare"] as const)("%s: no page gets out", async (kind, context) => {
  await using place = await openPlace(kind, context);
  await using outside = await placeOutside(place.folder);
  const { sandbox } = place;
  const dom = async (address: string) => (await shell(sandbox, shown(address), { timeoutMs: 90_000 })).stdout;
  // What is inside is seen, so what is not seen below is not there.
  await shell(
    sandbox,
    `echo within >page.html; (python3 -m http.server 8181 --bind 127.0.0.1 >/dev/null 2>&1 &); sleep 2`,
  );
  expect(await dom("file:///workspace/page.html")).toContain("within");
  expect(await dom("http://127.0.0.1:8181/page.html")).toContain("within");
  const beyond = [
    `file://${outside.secret}`,
    `file:///proc/1/root${outside.secret}`,
    `file:///workspace/../${outside.secret}`,
    `http://127.0.0.1:${outside.port}/`,
    `http://localhost:${outside.port}/`,
    "http://192.0.2.1/",
  ];
  const got: string[] = [];
  for (const address of beyond) {
    const text = await dom(address);
    if (text.includes(canary)) got.push(address);
  }
  expect(got).toEqual([]);
  // The root's names are the sandbox's own.
  expect(await dom("file:///etc/passwd")).toContain("agent:x:1000");
  expect(await dom("file:///etc/passwd")).not.toContain("daemon");
});
