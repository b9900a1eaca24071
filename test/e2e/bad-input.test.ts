import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Workplace } from "./small-experiment.ts";
import { expectExit, tollgate, TollgateProcess } from "./tollgate-process.ts";

const minutes = 60_000;

/** Settings that cannot work: what is changed, and what the message must say besides the file or the value. */
const refusedSettings: readonly (readonly [setting: string, says: RegExp])[] = [
  ["workload.tsks=1", /workload\.tsks.*unknown key\. Did you mean tasks\?/],
  ["sweep.concurrency=[0]", /sweep\.concurrency\.0/],
  ["workload.domain=libary", /Unknown domain "libary"\. Known domains: library/],
  [
    "workload.data=/nowhere",
    /\/nowhere\/tau2\/domains\/library is missing\. Give the folder that holds tau2\//,
  ],
  ["workload.tasks.ids=[no-such-task]", /has no task no-such-task\. It has 12, e\.g\. renew-one/],
  ["workload.tasks.split=tset", /has no split tset\. Its splits: train, test, base/],
  ["workload.tasks.ids=[renew-one,renew-one]", /names renew-one more than once.*workload\.trials/],
  ["workload.tasks.ids=[]", /selection of tasks of domain library is empty/],
  ["stack.agent.drop=[renew-one:nothing]", /stack\.agent\.drop names renew-one:nothing.*e\.g\. renew-one:/],
  ["nonsense", /--set nonsense has no value; write --set path\.to\.key=value/],
  ["sweep.concurrency.0.x=1", /--set sweep\.concurrency\.0\.x=1 cannot be applied/],
  ["workload.trials=1000000000", /workload\.trials/],
  [
    "sweep.concurrency.999999999=1",
    /sweep\.concurrency has 1 items in the file, so the next is sweep\.concurrency\.1/,
  ],
  ["workload.data=${NO_SUCH_VARIABLE}", /uses \$\{NO_SUCH_VARIABLE\}, which is not set/],
];

/** A few lines that stand for ten million items. */
const aliasBomb = ["a", "b", "c", "d", "e", "f", "g"]
  .map(
    (name, at, names) =>
      `${name}: &${name} [${Array.from({ length: 10 }, () => (at === 0 ? "x" : `*${names[at - 1] ?? ""}`)).join()}]`,
  )
  .join("\n");

test.each(refusedSettings)(
  "plan --set %s is refused with exit code 2",
  async (setting, says) => {
    using place = new Workplace();
    const refused = await tollgate(["plan", place.file, "--set", setting]);
    expectExit(refused, 2);
    expect(refused.stderr).toMatch(says);
  },
  minutes,
);

test(
  "a plan of more episodes than a run can hold is refused, with what makes it so large",
  async () => {
    using place = new Workplace();
    const loads = Array.from({ length: 300 }, (_, at) => at + 1);
    const refused = await tollgate([
      "plan",
      place.file,
      "--set",
      `sweep={repetitions: 1000, concurrency: [${loads.join()}]}`,
    ]);
    expectExit(refused, 2);
    expect(refused.stderr).toMatch(
      /has 1200000 episodes: 300 loads x 2 arms x 1000 .* A run holds at most 1000000/,
    );
  },
  minutes,
);

test(
  "a file that is missing, is not YAML, or is no mapping is refused with its name",
  async () => {
    using place = new Workplace();
    const broken = join(place.path, "broken.yaml");
    for (const [text, says] of [
      ["name: [a", /broken\.yaml is not valid YAML: .*line 1/s],
      [aliasBomb, /broken\.yaml cannot be read: Excessive alias count/],
      ["- a\n- b\n", /broken\.yaml must hold a mapping/],
      ["name: a\nstakc:\n  kind: embedded\n", /stakc \(line 3\)?.*unknown key\. Did you mean stack\?/],
    ] as const) {
      writeFileSync(broken, text);
      const refused = await tollgate(["sweep", broken, "--out", place.runs]);
      expectExit(refused, 2);
      expect(refused.stderr).toMatch(says);
    }
    const missing = await tollgate(["sweep", join(place.path, "missing.yaml")]);
    expectExit(missing, 2);
    expect(missing.stderr).toMatch(/missing\.yaml cannot be read.*Give the path of a YAML file/);
  },
  2 * minutes,
);

/** Command lines that cannot work, with the exit code that the interface promises. */
const refusedCommands: readonly (readonly [line: string, code: number, says: RegExp])[] = [
  ["frobnicate", 2, /unknown command 'frobnicate'/],
  ["swep", 2, /Did you mean sweep\?/],
  ["sweep FILE --frobnicate", 2, /unknown option '--frobnicate'/],
  ["sweep FILE --budget soon", 2, /--budget soon is no time; write e\.g\. 90s, 15m or 4h/],
  ["sweep FILE --redo interrupted", 2, /--redo goes with --resume RUN/],
  ["sweep FILE --resume /nowhere", 5, /\/nowhere is not a run directory.*tollgate runs/],
  ["report /nowhere", 2, /\/nowhere is not a run directory/],
  ["inspect /nowhere", 2, /\/nowhere is not a run directory/],
  ["export /nowhere -o OUT", 2, /\/nowhere is not a run directory/],
  ["compare /nowhere /nowhere", 2, /\/nowhere is not a run directory/],
  ["stop /nowhere", 2, /nothing to stop/],
  ["status --out OUT", 2, /There is no run in .*tollgate sweep/],
  ["simulate --role nobody --port 0", 2, /role: Invalid option/],
  ["simulate --role agent --port 0 --fault explode", 2, /unknown fault "explode"; known: usage-skew/],
  ["gateway --engine http://127.0.0.1:1 --port 0 --admin-key-env NOT_SET", 2, /NOT_SET/],
  ["tau2 verify --data /nowhere", 2, /Nothing was compared: \/golden holds no golden files.*--golden/],
  ["metrics diff nowhere.prom nowhere.prom --wall-clock 1", 2, /cannot read nowhere\.prom/],
];

test.each(refusedCommands)(
  "tollgate %s exits with %i",
  async (line, code, says) => {
    using place = new Workplace();
    const words = line.replace("FILE", place.file).replace("OUT", join(place.path, "out")).split(" ");
    const refused = await tollgate(words, place.environment);
    expectExit(refused, code);
    expect(refused.stderr).toMatch(says);
  },
  minutes,
);

test(
  "a port that is taken is named, with what to do",
  async () => {
    const simulate = (port: string) => ["simulate", "--role", "agent", "--port", port];
    await using first = new TollgateProcess(simulate("0"));
    await first.until(() => first.stdout.includes("\n"), { what: "a ready line" });
    const { url } = JSON.parse(first.stdout) as { url: string };
    const port = new URL(url).port;
    const second = await tollgate(simulate(port));
    expectExit(second, 3);
    expect(second.stderr).toMatch(new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}.*--port`));
    const gateway = await tollgate(
      ["gateway", "--engine", url, "--port", port, "--admin-key-env", "TEST_ADMIN_KEY"],
      { TEST_ADMIN_KEY: "secret" },
    );
    expectExit(gateway, 3);
    expect(gateway.stderr).toMatch(new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}.*--port`));
  },
  minutes,
);

test(
  "an engine that is not there is named before anything is written",
  async () => {
    const engine = { url: "http://127.0.0.1:9" };
    using place = new Workplace({ stack: { kind: "attach", agent: engine, user: engine } });
    const refused = await place.sweep();
    expectExit(refused, 3);
    expect(refused.stderr).toMatch(/http:\/\/127\.0\.0\.1:9\/v1\/models failed.*Is the server running/);
  },
  minutes,
);
