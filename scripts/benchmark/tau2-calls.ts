import { hasGoldenFile } from "../../openclaw-tau2/tau2/verify/golden-file.ts";
import type { LoadedDomain } from "../../openclaw-tau2/tau2/contract/domain.ts";
import { loadDomain } from "../../openclaw-tau2/tau2/loading/load.ts";
import { checkCalls } from "../../openclaw-tau2/tau2/verify/calls.ts";
import { RowCounter } from "../../openclaw-tau2/tau2/verify/row.ts";
import { checkTasks } from "../../openclaw-tau2/tau2/verify/tasks.ts";
import { meanReading, repeatedReading, type Measurement, type Workbench } from "./measurement.ts";
import { tau2Data, type Tau2Data } from "./tau2-data.ts";

const domains = ["mock", "airline", "retail", "telecom"];

/** The recorded tool calls of all domains, each timed alone; their answers are checked, because wrong ones may be fast. */
export const toolCalls: Measurement = {
  name: "calls",
  measure: async (bench) => {
    const data = tau2Data(bench);
    if ("skipped" in data) return data;
    const tookUs = domains
      .filter((domain) => hasGoldenFile(data.goldenDirectory, `golden_${domain}.jsonl.gz`))
      .flatMap((domain) => callTimesUs(bench, data, domain));
    return [meanReading({ what: "tool call in the environment", unit: "us", target: 20 }, tookUs)];
  },
};

function callTimesUs(bench: Workbench, data: Tau2Data, name: string): readonly number[] {
  const tookUs: number[] = [];
  const domain = loadDomain(data.domain(name));
  const timed: LoadedDomain = {
    ...domain,
    createEnvironment: (options) => {
      const environment = domain.createEnvironment(options);
      const call = environment.call.bind(environment);
      environment.call = (request) => {
        const startedNs = bench.nowNs();
        const reply = call(request);
        tookUs.push((bench.nowNs() - startedNs) / 1e3);
        return reply;
      };
      return environment;
    },
  };
  const counters = { calls: new RowCounter(name, "calls"), hashes: new RowCounter(name, "hashes") };
  checkCalls(verifyInput(data, timed), timed, counters);
  requireEqual(counters.calls);
  return tookUs;
}

/** The golden actions of every telecom task on a fresh environment each, with assertions, hashes and comparison. */
export const telecomReplay: Measurement = {
  name: "replay",
  measure: async (bench) => {
    const data = tau2Data(bench);
    if ("skipped" in data) return data;
    const domain = loadDomain(data.domain("telecom"));
    const seconds: number[] = [];
    let tasks = 0;
    for (let run = 0; run < (bench.quick ? 1 : 3); run += 1) {
      const counter = new RowCounter("telecom", "tasks");
      const startedNs = bench.nowNs();
      checkTasks(verifyInput(data, domain), domain, counter);
      seconds.push((bench.nowNs() - startedNs) / 1e9);
      tasks = requireEqual(counter);
    }
    const what = `golden replay of ${tasks} telecom tasks, one core`;
    return [repeatedReading({ what, unit: "s", target: 10 }, seconds)];
  },
};

function verifyInput({ goldenDirectory, domain }: Tau2Data, loaded: LoadedDomain) {
  const { dataDirectory } = domain(loaded.name);
  return { dataDirectory, goldenDirectory, checkout: null, domains: [loaded.name], load: () => loaded };
}

/** How many answers were compared. Throws when one differs: the time of wrong answers says nothing. */
function requireEqual(counter: RowCounter): number {
  const { domain, kind, equal, total, differences } = counter.row();
  if (equal === total && total > 0) return total;
  throw new Error(
    `${domain} ${kind}: only ${equal} of ${total} equal; ${differences[0] ?? "nothing compared"}`,
  );
}
