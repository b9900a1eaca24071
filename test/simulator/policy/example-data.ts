import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A domain in tau2's format for tests: written as text, because number texts matter. */
const tasksText = `[
 {"id": "plain", "user_scenario": {"instructions": "You want a refund."}, "evaluation_criteria": {"actions": [
   {"action_id": "look", "name": "get_order", "arguments": {"id": "#W1", "10": 1, "2": 2}},
   {"action_id": "pay", "requestor": "assistant", "name": "refund", "arguments": {"amount": 2.0, "tip": 2, "big": 1e3, "who": "Zoë"}},
   {"action_id": "check", "name": "get_order", "arguments": {}}],
   "communicate_info": ["327", "Boston"]}},
 {"id": "both [sides]|x", "user_scenario": {"instructions": {"reason_for_call": "My phone is broken.", "task_instructions": "-"}},
  "evaluation_criteria": {"actions": [
   {"action_id": "reboot_0", "requestor": "user", "name": "reboot", "arguments": {}},
   {"action_id": "refund_1", "requestor": "assistant", "name": "refund", "arguments": {"amount": 1}},
   {"action_id": "toggle_2", "requestor": "user", "name": "toggle", "arguments": {"on": true}}], "communicate_info": null}},
 {"id": "talk", "user_scenario": {"instructions": "You want to hear a number."}, "evaluation_criteria": {"actions": null, "communicate_info": ["42"]}},
 {"id": "nothing", "user_scenario": {"instructions": "You want nothing."}}
]`;

const schemasText = JSON.stringify({
  domain: "shop",
  agent: [
    { name: "get_order", mutates_state: false },
    { name: "refund", mutates_state: true },
  ],
  user: [
    { name: "reboot", mutates_state: true },
    { name: "toggle", mutates_state: false },
  ],
});

export interface ExampleData extends Disposable {
  /** Value for --data. */
  readonly data: string;
  /** Value for --schemas. */
  readonly schemas: string;
}

export function writeExampleData(): ExampleData {
  const data = mkdtempSync(path.join(tmpdir(), "tollgate-simulator-"));
  const domain = path.join(data, "tau2", "domains", "shop");
  mkdirSync(domain, { recursive: true });
  writeFileSync(path.join(domain, "tasks.json"), tasksText);
  writeFileSync(path.join(data, "schemas_shop.json"), schemasText);
  return { data, schemas: data, [Symbol.dispose]: () => rmSync(data, { recursive: true }) };
}
