import { messageOf } from "../../../bench/errors.ts";
import type { LoadedDomain, Task } from "../contract/domain.ts";
import { criteriaOf } from "../tasks/criteria.ts";
import { dumpJson } from "../python/json-dump.ts";
import type { PyDict } from "../python/value.ts";
import { asDict, asList, asText, asTextOrNull, goldenJson } from "./golden-file.ts";
import type { VerifyInput } from "./input.ts";
import type { RowCounter } from "./row.ts";

/** Replays the golden actions of every task of `golden_tasks_<domain>.json`: results, hashes and assertions. */
export function checkTasks(input: VerifyInput, domain: LoadedDomain, counter: RowCounter): void {
  const tasks = new Map(domain.tasks.map((task) => [task.id, task]));
  for (const value of asList(goldenJson(input.goldenDirectory, `golden_tasks_${domain.name}.json`))) {
    const record = asDict(value);
    const id = asText(record.get("id"));
    const task = tasks.get(id);
    const difference = task === undefined ? "no such task" : differenceIn(domain, task, record);
    counter.count(difference === null, () => `${domain.name} task ${id}: ${difference}`);
  }
}

function differenceIn(domain: LoadedDomain, task: Task, record: PyDict): string | null {
  try {
    const actual = replayGolden(domain, task);
    const expected = {
      results: asList(record.get("res")).map(asText),
      hashes: asList(record.get("h")).map(asTextOrNull),
      assertions: asList(record.get("ass")).map((met) => met === true),
    };
    const [actualText, expectedText] = [JSON.stringify(actual), JSON.stringify(expected)];
    return actualText === expectedText ? null : `${actualText} instead of ${expectedText}`;
  } catch (error) {
    return messageOf(error);
  }
}

/** One environment that syncs after each action, which tau2's own gold side does not. */
function replayGolden(domain: LoadedDomain, task: Task) {
  const criteria = criteriaOf(task);
  const environment = domain.createEnvironment();
  const { initialStateText, messageHistory } = task;
  environment.setState({ initialStateText, history: messageHistory, strict: true });
  const results = (criteria?.actions ?? []).map(({ name, requestor, arguments: args }) => {
    const reply = environment.call({ name, requestor, argumentsText: dumpJson(args) });
    // How the recorder wrote an action that raised.
    return reply.error ? reply.content.replace(/^Error: /, "ERR ") : reply.content;
  });
  const hashes = [environment.agentHash(), environment.userHash()];
  const assertions = (criteria?.environmentAssertions ?? []).map((assertion) =>
    environment.runAssertion({
      envType: assertion.envType,
      functionName: assertion.functionName,
      argumentsText: dumpJson(assertion.arguments),
      assertValue: assertion.assertValue,
    }),
  );
  return { results, hashes, assertions };
}
