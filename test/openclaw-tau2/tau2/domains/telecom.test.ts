import { existsSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Database } from "../../../../openclaw-tau2/tau2/database/database.ts";
import { telecomDomain } from "../../../../openclaw-tau2/tau2/domains/telecom/domain.ts";
import { fixed2 } from "../../../../openclaw-tau2/tau2/domains/telecom/fixed-text.ts";
import { DomainEnvironment, type Side } from "../../../../openclaw-tau2/tau2/environment/environment.ts";
import { hex8Counter, loadDomain } from "../../../../openclaw-tau2/tau2/loading/load.ts";
import { validateModel } from "../../../../openclaw-tau2/tau2/python/field-type.ts";
import { dumpJson } from "../../../../openclaw-tau2/tau2/python/json-dump.ts";
import { parseJson } from "../../../../openclaw-tau2/tau2/python/json-parse.ts";
import { Validation } from "../../../../openclaw-tau2/tau2/python/validation.ts";
import { PyFloat, type PyValue } from "../../../../openclaw-tau2/tau2/python/value.ts";
import type { AnyToolkitDefinition } from "../../../../openclaw-tau2/tau2/contract/toolkit.ts";
import { verifyTau2 } from "../../../../openclaw-tau2/tau2/verify/verify.ts";

const shared = join(process.env["TOLLGATE_SHARED"] ?? "../shared", "tau2");
const hasShared = existsSync(shared);

/** A carrier with one customer, two lines and no bills; written for these tests. */
const carrier = {
  plans: [
    { plan_id: "P1", name: "Small", data_limit_gb: 2, price_per_month: 10, data_refueling_price_per_gb: 2.5 },
  ],
  customers: [
    {
      customer_id: "C1",
      full_name: "Ada Example",
      date_of_birth: "1990-01-02",
      email: "ada@example.org",
      phone_number: "100",
      address: { street: "1 Road", city: "Town", state: "ST", zip_code: "00001" },
      line_ids: ["L1", "L2"],
    },
  ],
  lines: [
    { line_id: "L1", phone_number: "101", status: "Active", plan_id: "P1", data_used_gb: 1.5 },
    { line_id: "L2", phone_number: "102", status: "Suspended", plan_id: "P1" },
  ],
  devices: [{ device_id: "D1", device_type: "phone", model: "One", is_esim_capable: true }],
};

function side(definition: AnyToolkitDefinition, data: unknown): Side {
  const base = validateModel(definition.database, parseJson(JSON.stringify(data)), new Validation());
  if (base === undefined) throw new Error("the test's database is not valid");
  // Every function may be called as a tool here, so that initialization is tested like the rest.
  const tools = Object.entries(definition.methods).map(
    ([name, method]) => [name, { method, type: "write" as const, mutatesState: true }] as const,
  );
  return { definition, database: new Database(base), tools: new Map(tools) };
}

const agent = side(telecomDomain.agent, carrier);
const user = telecomDomain.user === null ? null : side(telecomDomain.user, {});

function environment({ phone, solo = false }: { phone?: string; solo?: boolean } = {}) {
  const versions = { python: "3.12", pydantic: "2.12" };
  const made = new DomainEnvironment({
    domain: telecomDomain,
    agent,
    user,
    solo,
    versions,
    nextHex8: hex8Counter(),
  });
  const call = (requestor: "assistant" | "user", name: string, args: object | string = {}): string => {
    const argumentsText = typeof args === "string" ? args : JSON.stringify(args);
    return made.call({ name, requestor, argumentsText }).content;
  };
  if (phone !== undefined) call("user", "set_user_info", { name: "Ada", phone_number: phone });
  return { environment: made, call };
}

function speed(call: ReturnType<typeof environment>["call"]): string {
  return call("user", "run_speed_test");
}

test("a fresh phone without a number has service and is not synchronised", () => {
  const { call } = environment();
  expect(call("user", "check_status_bar")).toBe("Status Bar: 📶³ Good | 5G | 📱 Data Enabled | 🔋 80%");
  expect(speed(call)).toBe("Speed Test Result: 220.00 Mbps (Excellent). Connection is very fast.");
});

test("the carrier's records reach the phone: a suspended line has no service", () => {
  const { call } = environment({ phone: "102" });
  expect(call("user", "toggle_roaming")).toBe(
    "Data Roaming is now ON.\nStatus Bar: 📵 No Signal | 📵 Data Disabled | 🔋 80%",
  );
  call("assistant", "resume_line", { customer_id: "C1", line_id: "L2" });
  expect(call("user", "reboot_device")).toBe(
    "Restarting network services...\nStatus Bar: 📶⁴ Excellent | 5G | 📱 Data Enabled | 🔋 80%",
  );
});

test("data beyond the plan stops working until it is refuelled, which makes a draft bill", () => {
  const { call } = environment({ phone: "101" });
  const line = { customer_id: "C1", line_id: "L1" };
  call("assistant", "set_data_usage", { ...line, data_used_gb: 2 });
  expect(speed(call)).toBe("Speed test failed: No Connection.");
  expect(call("assistant", "refuel_data", '{"customer_id": "C1", "line_id": "L1", "gb_amount": 2.0}')).toBe(
    '{"message": "Successfully added 2.0 GB of data for line L1 for $5.00", "new_data_refueling_gb": "2.0", "charge": "5.0"}',
  );
  expect(speed(call)).toContain("Excellent");
  const bills = JSON.parse(call("assistant", "get_bills_for_customer", { customer_id: "C1" })) as object[];
  expect(bills).toEqual([
    {
      bill_id: "B6b86b273",
      customer_id: "C1",
      period_start: "2025-03-01",
      period_end: "2025-03-31",
      issue_date: "2025-03-01",
      total_due: 5,
      due_date: "2025-03-15",
      line_items: [
        {
          description: "Data refueling: 2.0 GB at $2.5/GB",
          amount: 5,
          date: "2025-02-25",
          item_type: "Charge",
        },
      ],
      status: "Draft",
    },
  ]);
});

test("a payment request travels to the phone and the payment back to the bill", () => {
  const { call } = environment({ phone: "101" });
  const suspended = { customer_id: "C1", line_id: "L1", new_bill_id: "B9", contract_ended: true };
  expect(call("assistant", "suspend_line_for_overdue_bill", suspended)).toBe(
    "Line L1 suspended for unpaid bill B9. Contract ended: True",
  );
  expect(call("user", "check_payment_request")).toBe("No payment request has been made.");
  call("assistant", "send_payment_request", { customer_id: "C1", bill_id: "B9" });
  expect(call("assistant", "send_payment_request", { customer_id: "C1", bill_id: "B9" })).toBe(
    "Error: A bill is already awaiting payment for this customer",
  );
  expect(call("user", "make_payment")).toBe("Payment of 10.0 USD has been made for bill B9.");
  expect(call("user", "check_payment_request")).toBe("No payment request has been made.");
  expect(JSON.parse(call("assistant", "get_details_by_id", { id: "B9" }))).toMatchObject({ status: "Paid" });
});

test("a broken VPN stays broken within an environment and is whole in the next", () => {
  const details = (call: ReturnType<typeof environment>["call"]): string => call("user", "check_vpn_status");
  const first = environment();
  first.call("user", "break_vpn");
  first.call("user", "disconnect_vpn");
  first.call("user", "connect_vpn");
  expect(details(first.call)).toBe(
    "VPN is ON and connected. Details: {'server_address': '192.168.1.1', 'protocol': 'OpenVPN', " +
      "'server_performance': <PerformanceLevel.POOR: 'poor'>}",
  );
  const second = environment();
  second.call("user", "connect_vpn");
  expect(details(second.call)).toContain("<PerformanceLevel.EXCELLENT: 'excellent'>");
});

test("what a tool stores without a check stays in the database and breaks later calls as in Python", () => {
  const { call } = environment();
  expect(call("user", "set_network_mode_preference", { mode: 5 })).toBe(
    "Error: 'int' object has no attribute 'value'",
  );
  expect(call("user", "check_network_status")).toContain("Cellular Network Type: 4G");
  expect(call("user", "set_apn_settings", { apn_settings: "internet" })).toBe(
    "Error: 'str' object has no attribute 'apn_name'",
  );
  expect(call("user", "check_apn_settings")).toBe("Error: 'str' object has no attribute 'model_copy'");
  expect(call("user", "reset_apn_settings")).toBe("Error: 'str' object has no attribute 'reset_at_reboot'");
  expect(call("user", "check_status_bar")).toContain("Status Bar: ");
});

test("wrong arguments have Python's texts", () => {
  const { call } = environment();
  expect(call("assistant", "get_details_by_id", { id: 7 })).toBe(
    "Error: 'int' object has no attribute 'startswith'",
  );
  expect(call("assistant", "get_bills_for_customer", { customer_id: "C1", limit: "2" })).toBe(
    "Error: slice indices must be integers or None or have an __index__ method",
  );
  expect(call("user", "check_app_status", { app_name: [] })).toBe("Error: unhashable type: 'list'");
  expect(call("assistant", "suspend_line", { customer_id: "C1" })).toBe(
    "Error: TelecomTools.suspend_line() missing 2 required positional arguments: 'line_id' and 'reason'",
  );
  expect(call("user", "set_apn_settings", { apn_settings: { mms_port: 1.5 } })).toBe(
    "Error: 1 validation error for APNSettings\nmms_port\n  Input should be a valid integer, got a number with a " +
      "fractional part [type=int_from_float, input_value=1.5, input_type=float]\n    For further information visit " +
      "https://errors.pydantic.dev/2.12/v/int_from_float",
  );
});

test("in solo mode the agent has both tool sets", () => {
  const { call } = environment({ solo: true });
  expect(call("assistant", "check_sim_status")).toBe("Your SIM card is active and working.");
  expect(call("user", "check_sim_status")).toBe("Error: User tool calls are not allowed in solo mode");
});

test("environments do not share what they change", () => {
  const before = environment().environment;
  const changed = environment({ phone: "101" });
  changed.call("assistant", "enable_roaming", { customer_id: "C1", line_id: "L1" });
  changed.call("user", "grant_app_permission", { app_name: "browser", permission: "SMS" });
  const after = environment().environment;
  expect([after.agentHash(), after.userHash()]).toEqual([before.agentHash(), before.userHash()]);
  expect(changed.environment.agentHash()).not.toBe(before.agentHash());
});

test("two places after the point round exact ties to even", () => {
  const texts = [0.125, 0.375, 2.675, -0.125, 1e22, Number.POSITIVE_INFINITY].map((value) =>
    fixed2(new PyFloat(value)),
  );
  expect(texts).toEqual(["0.12", "0.38", "2.67", "-0.12", "10000000000000000000000.00", "inf"]);
});

test("no arguments make the environment throw", () => {
  const names = [...agent.tools.keys(), ...(user?.tools.keys() ?? [])];
  const values = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom("C1", "L1", "B9", "messaging", "sms", "4g_only", 2, true),
  );
  const argument = fc.constantFrom(
    "customer_id",
    "line_id",
    "id",
    "mode",
    "app_name",
    "permission",
    "apn_settings",
    "limit",
  );
  const step = fc.tuple(fc.constantFrom(...names), fc.dictionary(argument, values, { maxKeys: 3 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
      const { call, environment: made } = environment({ phone: "101" });
      for (const [name, args] of steps) {
        call("assistant", name, args);
        call("user", name, args);
      }
      expect(made.agentHash()).toMatch(/^[0-9a-f]{64}$/u);
    }),
    { numRuns: 200 },
  );
});

test.skipIf(!hasShared)("every golden answer for telecom", { timeout: 300_000 }, async () => {
  const rows = await verifyTau2({
    dataDirectory: join(shared, "data"),
    goldenDirectory: join(shared, "golden"),
    checkout: null,
    domains: ["telecom"],
  });
  const counts = new Map(rows.filter(({ domain }) => domain === "telecom").map((row) => [row.kind, row]));
  for (const row of rows) expect(row).toMatchObject({ equal: row.total, differences: [] });
  expect(
    ["calls", "hashes", "tasks", "eval", "userPrompts"].every((kind) => counts.has(kind as "calls")),
  ).toBe(true);
});

test.skipIf(!hasShared)(
  "the golden actions of all tasks replay to their assertions",
  { timeout: 300_000 },
  () => {
    const domain = loadDomain({
      domain: "telecom",
      dataDirectory: join(shared, "data"),
      schemasDirectory: join(shared, "golden"),
    });
    const unmet = domain.tasks.filter((task) => {
      const made = domain.createEnvironment();
      made.setState({ initialStateText: task.initialStateText, history: [], strict: true });
      const criteria = field(parseJson(task.text), "evaluation_criteria");
      for (const action of list(field(criteria, "actions"))) {
        const requestor = field(action, "requestor") === "user" ? "user" : "assistant";
        made.call({ name: text(action, "name"), requestor, argumentsText: argumentsText(action) });
      }
      return !list(field(criteria, "env_assertions")).every((assertion) =>
        made.runAssertion({
          envType: field(assertion, "env_type") === "user" ? "user" : "assistant",
          functionName: text(assertion, "func_name"),
          argumentsText: argumentsText(assertion),
          assertValue: field(assertion, "assert_value") !== false,
        }),
      );
    });
    expect(unmet.map(({ id }) => id)).toEqual([]);
    expect(domain.tasks).toHaveLength(2285);
  },
);

function field(value: PyValue, name: string): PyValue {
  return value instanceof Map ? (value.get(name) ?? null) : null;
}

function list(value: PyValue): readonly PyValue[] {
  return Array.isArray(value) ? value : [];
}

function text(value: PyValue, name: string): string {
  const found = field(value, name);
  return typeof found === "string" ? found : "";
}

function argumentsText(value: PyValue): string {
  const args = field(value, "arguments");
  return args instanceof Map ? dumpJson(args) : "{}";
}
