import { cp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rebuildReport } from "../../../bench/report/rebuild.ts";
import { episodesOf } from "../../e2e/tollgate-process.ts";
import { hostile, ViewedRuns } from "../viewed-runs.ts";
import { ask, type Answered } from "./asked.ts";

/** A real server over real run directories; everything that comes from a run is hostile. */
let runs: ViewedRuns;
let name: string;
let episode: string;
beforeAll(async () => {
  runs = await ViewedRuns.begin();
  const directory = await runs.write({
    identity: { note: hostile, experiment: "laptop" },
    record: (arm, index) => ({
      domain: hostile,
      taskId: `${hostile}${index}`,
      ...(arm === "gateway" && index === 0
        ? { status: "failed", reward: null, failure: { class: hostile, message: hostile } }
        : {}),
      ...(arm === "gateway" && index === 1 ? { reward: 0 } : {}),
    }),
  });
  name = basename(directory);
  episode = episodesOf(directory)[0]?.episodeId ?? "";
});
afterAll(() => runs[Symbol.asyncDispose]());

const get = (path: string) => ask(runs.url, path);
const run = (rest = "") => get(`/runs/${name}${rest}`);

/** What no page may hold: an element or an attribute that a run has brought. */
function expectEscaped({ body }: Answered): void {
  expect(body).not.toMatch(/<img|<script(?! src="\/view\.js" defer>)|onerror=(?!alert\(1\)&gt;)/);
  expect(body).not.toMatch(/[\p{Cc}--[\n\t]]|\u202e/v);
}

test("every page is there, says what it is about, and escapes what comes from a run", async () => {
  const pages = [
    ["/", name],
    [`/runs/${name}`, "8 of 8 episodes"],
    [`/runs/${name}/episodes`, "1–8 of 8"],
    [`/runs/${name}/episodes?status=failed`, "1–1 of 1"],
    [`/runs/${name}/pairs`, "1–2 of 2"],
    [`/runs/${name}/pairs?differs=all`, "1–4 of 4"],
    [`/runs/${name}/episodes/${episode}`, "Where the time went"],
    [`/runs/${name}/episodes/${episode}?message=1`, "Back to the conversation"],
  ] as const;
  for (const [path, says] of pages) {
    const page = await get(path);
    expect([page.status, page.headers["content-type"]], `at ${path}`).toEqual([
      200,
      "text/html; charset=utf-8",
    ]);
    expect(page.body, `at ${path}`).toMatch(new RegExp(says));
    expectEscaped(page);
    // A message alone has no times.
    expect(/simulated/i.test(page.body) || path.includes("message="), `at ${path}`).toBe(true);
  }
  expect(runs.told).toEqual([]);
});

test("whatever is answered may load nothing from elsewhere, be framed by nobody, and be kept by no cache", async () => {
  for (const path of ["/", "/view.css", "/view.js", `/runs/${name}`, "/nothing"]) {
    const { headers } = await get(path);
    const policy = String(headers["content-security-policy"]);
    expect(policy).toMatch(/default-src 'none'; script-src 'self';.*frame-ancestors 'none'/);
    expect(policy).not.toMatch(/script-src[^;]*unsafe|style-src-elem[^;]*unsafe|https?:/);
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
    });
  }
});

test.each(["POST", "PUT", "DELETE"])("%s is refused, and says what is not", async (method) => {
  const { status, headers } = await ask(runs.url, "/", { method });
  expect([status, headers["allow"]]).toEqual([405, "GET, HEAD"]);
});

test("HEAD has the head of GET and no body", async () => {
  const [head, whole] = [await ask(runs.url, "/", { method: "HEAD" }), await get("/")];
  expect([head.status, head.body, head.headers["content-length"]]).toEqual([
    200,
    "",
    String(Buffer.byteLength(whole.body)),
  ]);
});

test("a name of somebody else that points here is not answered", async () => {
  for (const host of ["evil.example", "evil.example:80", "localhost.evil.example"]) {
    const { status, body } = await ask(runs.url, "/", { headers: { host } });
    expect([status, body.includes(name)], `as ${host}`).toEqual([403, false]);
  }
});

test.each([
  "/runs/..",
  "/runs/%2e%2e",
  "/runs/../../etc/passwd",
  "/runs/..%2f..%2f..%2fetc%2fpasswd",
  "/runs/.",
  "/runs/%00",
  "/runs/none",
  "/runs/NAME/../NAME/records.jsonl",
  "/runs/NAME/records.jsonl",
  "/runs/NAME/report/report.json",
  "/runs/NAME/report/../../../etc/passwd",
  "/runs/NAME/episodes/..%2f..%2frecords.jsonl",
  "/runs/NAME/episodes/EPISODE/more",
  "/runs/NAME%2f",
  "/events/none",
  "/events/..%2f",
  "/events/NAME/more",
  "/view.css/x",
  "/etc/passwd",
  "//etc/passwd",
])("%s is no page", async (path) => {
  const { status, body } = await get(path.replaceAll("NAME", name).replaceAll("EPISODE", episode));
  expect(status).toBe(404);
  expect(body).not.toMatch(/root:|run-started/);
});

test("what cannot be asked is answered with what can", async () => {
  const refused = await run(`/episodes?status=${encodeURIComponent(hostile)}`);
  expect([refused.status, refused.body]).toEqual([
    400,
    expect.stringContaining("can be completed, failed, timed-out"),
  ]);
  expectEscaped(refused);
  expect((await run("/pairs?task=1")).status).toBe(400);
  expect((await run("/episodes?page=99")).body).toContain("1–8 of 8");
  expect((await get("/%zz")).status).toBe(400);
});

test("a stored report is served as nobody's page; one that lies elsewhere is not served", async () => {
  expect((await run("/report")).status).toBe(404);
  const directory = join(runs.folder, name);
  await rebuildReport(directory);
  const stored = await run("/report");
  expect([stored.status, stored.body]).toEqual([200, expect.stringContaining("Speed")]);
  expect(String(stored.headers["content-security-policy"])).toMatch(
    /^sandbox allow-scripts; default-src 'none';/,
  );
  expect((await run()).body).toContain(`href="/runs/${name}/report"`);
  const secret = join(runs.folder, "secret.html");
  await writeFile(secret, "a secret");
  await rm(join(directory, "report", "report.html"));
  await symlink(secret, join(directory, "report", "report.html"));
  const elsewhere = await run("/report");
  expect([elsewhere.status, elsewhere.body.includes("a secret")]).toEqual([404, false]);
});

test("a damaged run is said to be one, in the list and on its page; the others are shown", async () => {
  const damaged = join(runs.folder, "damaged-20261122T120000Z-00000d");
  await cp(join(runs.folder, name), damaged, { recursive: true });
  await writeFile(join(damaged, "records.jsonl"), '{"v":1}\n');
  const list = await get("/");
  expect([list.status, list.body]).toEqual([200, expect.stringContaining(`href="/runs/${name}"`)]);
  expect(list.body).toMatch(/damaged-20261122T120000Z-00000d cannot be shown: .*records.jsonl:1/);
  const page = await get(`/runs/${basename(damaged)}`);
  expect([page.status, page.body]).toEqual([500, expect.stringMatching(/records.jsonl:1 cannot be read/)]);
  await rm(damaged, { recursive: true });
  await mkdir(join(runs.folder, "no-run"));
  expect((await get("/")).body).not.toContain("no-run");
  expect((await get("/runs/no-run")).status).toBe(404);
  expect(runs.told).toEqual([]);
});
