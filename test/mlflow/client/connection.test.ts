import { expect, test } from "vitest";
import { checkMlflow } from "../../../bench/mlflow/check.ts";
import { startFakeMlflow, type Fault } from "../fake-mlflow.ts";
import { options } from "../stored-run.ts";

const checked = (url: string, settings = {}) => {
  const { target, signal, pausesMs = [] } = options(url, { settings });
  return checkMlflow(target, { signal, pausesMs, answerMs: 300 });
};

test("a server that is busy, away or restarted is asked again", async () => {
  const faults: readonly Fault[] = [
    { on: /get-by-name/, times: 1, status: 429, headers: { "retry-after": "0" } },
    { on: /get-by-name/, times: 1, status: 503 },
    { on: /experiments\/create/, times: 1, status: 500, body: '{"error_code":"INTERNAL_ERROR"}' },
    { on: /version/, times: 1, hangs: true },
  ];
  await using server = await startFakeMlflow({ faults });
  expect(await checked(server.url)).toEqual({ version: "3.17.2", experimentId: "1" });
  expect(server.calls.filter((call) => call.includes("experiments/create"))).toHaveLength(2);
});

const html = "<!DOCTYPE html><html><body>Sign in</body></html>";
test.each([
  [
    { on: /./, status: 403, body: "Invalid Host header - possible DNS rebinding attack detected" },
    /does not answer to the name 127\.0\.0\.1:\d+.*MLFLOW_SERVER_ALLOWED_HOSTS='127\.0\.0\.1,127\.0\.0\.1:\*/,
  ],
  [{ on: /./, status: 401, body: "You are not authenticated" }, /Set MLFLOW_TRACKING_USERNAME and/],
  [{ on: /./, status: 404, body: html }, /base address of an MLflow server/],
  [
    { on: /./, status: 200, body: html },
    /status 200, a page of HTML\. Is this the base address of an MLflow server/,
  ],
  [{ on: /./, status: 200, body: "null" }, /base address of an MLflow server/],
  [{ on: /./, status: 302, headers: { location: "https://login/x" } }, /points to https:\/\/login\/x/],
  [{ on: /./, status: 413 }, /client_max_body_size/],
  [{ on: /./, status: 503 }, /after 4 tries: status 503.*log the run again later/],
  [{ on: /./, status: 200, body: '{"experiment": {}}' }, /experiment\.experiment_id in a form that is not/],
  [
    { on: /./, status: 400, body: '{"error_code":"INVALID_PARAMETER_VALUE","message":"bad name."}' },
    /status 400, INVALID_PARAMETER_VALUE, bad name\. The server's own log/,
  ],
] as const)("an answer %o is explained", async (fault: Fault, message) => {
  await using server = await startFakeMlflow({ faults: [fault] });
  await expect(checked(server.url)).rejects.toThrow(message);
});

test("nobody answers, at an address or a name", async () => {
  await expect(checked("http://127.0.0.1:9")).rejects.toThrow(
    /after 4 tries: no answer, connect ECONNREFUSED.*Is the server running there\?/,
  );
  await expect(checked("http://no-such-host.invalid")).rejects.toThrow(/inside its cluster only/);
});

test("credentials are sent, wrong ones are said to be that, and no message holds them", async () => {
  const authorization = `Bearer hunter2`;
  await using server = await startFakeMlflow({ authorization });
  const { signal } = new AbortController();
  const target = { ...options(server.url).target, authorization, secrets: ["hunter2"] };
  expect(await checkMlflow(target, { signal })).toMatchObject({ experimentId: "1" });
  await expect(checkMlflow({ ...target, authorization: "Bearer other" }, { signal })).rejects.toThrow(
    /The credentials in the environment are not good/,
  );
  await using echo = await startFakeMlflow({ faults: [{ on: /./, status: 400, body: "no hunter2 here" }] });
  const said = await checkMlflow({ ...target, url: echo.url }, { signal }).catch(String);
  expect(said).toContain("no [hidden] here");
});

test("an experiment: by id it must be there, by name it is made, a deleted one is refused", async () => {
  await using server = await startFakeMlflow();
  const gone = server.store.addExperiment("gone", "deleted");
  await expect(checked(server.url, { experiment: undefined, experimentId: "77" })).rejects.toThrow(
    /no experiment with the id 77/,
  );
  await expect(checked(server.url, { experiment: undefined, experimentId: gone.id })).rejects.toThrow(
    /was deleted.*mlflow experiments restore -x 1/,
  );
  await expect(checked(server.url, { experiment: "gone" })).rejects.toThrow(/was deleted/);
  await expect(checked(server.url, { experiment: "n".repeat(501) })).rejects.toThrow(/501 characters/);
  expect(await checked(server.url)).toMatchObject({ experimentId: "2" });
});

test("an experiment that others make at the same moment is used, however often and by whatever answer", async () => {
  await using server = await startFakeMlflow({
    faults: [{ on: /experiments\/create/, times: 1, losesAnswer: true }],
  });
  const ids = await Promise.all(Array.from({ length: 8 }, () => checked(server.url)));
  expect(new Set(ids.map(({ experimentId }) => experimentId))).toEqual(new Set(["1"]));
});
