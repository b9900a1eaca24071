import type { Environment, LoadedDomain } from "../contract/domain.ts";
import { hex8Counter } from "../loading/load.ts";
import { dumpJson } from "../python/json-dump.ts";
import type { PyDict, PyValue } from "../python/value.ts";
import { asList, asRequestor, asText, asTextOrNull, goldenLines } from "./golden-file.ts";
import type { VerifyInput } from "./input.ts";
import type { RowCounter } from "./row.ts";

interface CallCounters {
  readonly calls: RowCounter;
  readonly hashes: RowCounter;
}

/** Repeats the recorded calls of `golden_<domain>.jsonl.gz`: content, error flag, and the hashes recorded beside some. */
export function checkCalls(input: VerifyInput, domain: LoadedDomain, counters: CallCounters): void {
  // The records' ids were numbered through the whole file.
  const nextHex8 = hex8Counter();
  let environment: Environment = domain.createEnvironment({ nextHex8 });
  let number = 0;
  for (const record of goldenLines(input.goldenDirectory, `golden_${domain.name}.jsonl.gz`)) {
    number++;
    if (record.has("reset")) {
      environment = domain.createEnvironment({ nextHex8 });
      if (record.has("user")) introduceUser(environment, record);
    } else {
      checkCall(environment, record, { counters, place: `${domain.name} line ${number}` });
    }
  }
}

function introduceUser(environment: Environment, record: PyDict): void {
  const [name = null, phone = null] = asList(record.get("user"));
  const action: PyDict = new Map<string, PyValue>([
    ["env_type", "user"],
    ["func_name", "set_user_info"],
    [
      "arguments",
      new Map([
        ["name", name],
        ["phone_number", phone],
      ]),
    ],
  ]);
  const initialStateText = dumpJson(new Map([["initialization_actions", [action]]]));
  environment.setState({ initialStateText, history: [], strict: true });
}

function checkCall(
  environment: Environment,
  record: PyDict,
  { counters, place }: { counters: CallCounters; place: string },
): void {
  const name = asText(record.get("n"));
  const argumentsText = dumpJson(record.get("a") ?? null);
  const reply = environment.call({ name, requestor: asRequestor(record.get("r")), argumentsText });
  const expected = asText(record.get("c"));
  const equal = reply.content === expected && reply.error === record.get("e");
  counters.calls.count(
    equal,
    () => `${place} ${name}(${argumentsText}): ${reply.content} instead of ${expected}`,
  );
  if (!record.has("h")) return;
  const [agent, user] = asList(record.get("h")).map(asTextOrNull);
  const actual = [environment.agentHash(), environment.userHash()];
  counters.hashes.count(
    actual[0] === agent && actual[1] === user,
    () => `${place}: ${actual.join(", ")} instead of ${agent}, ${user}`,
  );
}
