import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import type {
  Environment,
  LoadedDomain,
  Task,
  Tau2Message,
} from "../../openclaw-tau2/tau2/contract/domain.ts";
import { libraryTools } from "../../openclaw-tau2/tau2/domains/library/tools.ts";
import { evaluate } from "../../openclaw-tau2/tau2/evaluation/evaluate.ts";
import { loadDomain } from "../../openclaw-tau2/tau2/loading/load.ts";

const dataDirectory = join(import.meta.dirname, "..", "..", "openclaw-tau2", "data");
const library = loadDomain({ domain: "library", dataDirectory });

interface Action {
  readonly name: string;
  readonly argumentsText: string;
}

const criteriaSchema = z.object({
  evaluation_criteria: z.object({
    actions: z.array(z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) })),
    communicate_info: z.array(z.string()),
  }),
});

function criteriaOf(task: Task): {
  readonly actions: readonly Action[];
  readonly communicate: readonly string[];
} {
  const { actions, communicate_info } = criteriaSchema.parse(JSON.parse(task.text)).evaluation_criteria;
  const toAction = (action: (typeof actions)[number]): Action => ({
    name: action.name,
    argumentsText: JSON.stringify(action.arguments),
  });
  return { actions: actions.map(toAction), communicate: communicate_info };
}

function isWrite(action: Action): boolean {
  return createEnvironment(library).mutates(action.name, "assistant") === true;
}

function createEnvironment(domain: LoadedDomain): Environment {
  return domain.createEnvironment();
}

/** What happens when an agent makes these calls and then says this; with the results that the tools really give. */
function play(task: Task, actions: readonly Action[], said: string) {
  const environment = createEnvironment(library);
  const messages: Tau2Message[] = [{ role: "user", content: "Hello.", toolCalls: null }];
  const errors: string[] = [];
  for (const [index, action] of actions.entries()) {
    const id = `c${index}`;
    const reply = environment.call({ ...action, requestor: "assistant" });
    if (reply.error) errors.push(reply.content);
    messages.push(
      { role: "assistant", content: null, toolCalls: [{ id, requestor: "assistant", ...action }] },
      { role: "tool", id, content: reply.content, requestor: "assistant", error: reply.error },
    );
  }
  messages.push({ role: "assistant", content: said, toolCalls: null });
  const judged = { solo: false, strictReplay: true, judge: null, terminationReason: "user_stop" };
  const { reward } = evaluate(library, { task, messages, ...judged });
  return { reward, errors, changed: environment.agentHash() !== createEnvironment(library).agentHash() };
}

const allSaid = (task: Task): string => criteriaOf(task).communicate.join(" and ");

test("the folder is a whole domain in tau2's format", () => {
  expect({ name: library.name, tasks: library.tasks.length, userTools: library.userToolsJson }).toEqual({
    name: "library",
    tasks: 12,
    userTools: null,
  });
  const ids = library.tasks.map(({ id }) => id);
  expect(library.splits.get("base")).toEqual(ids);
  expect([...(library.splits.get("train") ?? []), ...(library.splits.get("test") ?? [])].toSorted()).toEqual(
    ids.toSorted(),
  );
  expect(library.tasks.map(({ rewardBasis }) => rewardBasis)).toEqual(ids.map(() => ["DB", "COMMUNICATE"]));
  expect(Object.keys(library.fileHashes)).toContain("tau2/domains/library/db.json");
});

test("every schema names exactly the parameters of its tool, in the order of tau2's schemas", () => {
  const schema = z.array(
    z.object({
      type: z.literal("function"),
      function: z.object({
        name: z.string(),
        description: z.string().min(10),
        parameters: z.object({
          properties: z.record(
            z.string(),
            z.object({ description: z.string(), title: z.string(), type: z.literal("string") }),
          ),
          required: z.array(z.string()),
        }),
      }),
    }),
  );
  const offered = schema.parse(JSON.parse(library.agentToolsJson)).map(({ function: tool }) => tool);
  expect(offered.map(({ name }) => name)).toEqual(Object.keys(libraryTools.methods));
  for (const { name, parameters } of offered) {
    expect([name, parameters.required]).toEqual([name, Object.keys(parameters.properties)]);
    expect([name, parameters.required]).toEqual([name, Object.keys(libraryTools.methods[name]!.signature)]);
  }
});

test("the user is told the scenario, the agent the policy", () => {
  const task = library.tasks.find(({ id }) => id === "place-hold")!;
  expect(library.userSystemPrompt(task)).toContain(
    "Instructions:\n\tDomain: library\n\tReason for call:\n\t\tYou would",
  );
  expect(library.policy).toMatch(/^# The desk of the town library\n/);
});

const tasks = library.tasks.map((task) => ({ id: task.id, task }));

test.for(tasks)("$id: the golden actions work and earn the reward", ({ task }) => {
  const { actions } = criteriaOf(task);
  expect(play(task, actions, allSaid(task))).toEqual({
    reward: 1,
    errors: [],
    changed: actions.some(isWrite),
  });
});

const writing = tasks.filter(({ task }) => criteriaOf(task).actions.some(isWrite));
const reading = tasks.filter(({ task }) => !criteriaOf(task).actions.some(isWrite));
const speaking = tasks.filter(({ task }) => criteriaOf(task).communicate.length > 0);

test("most tasks write, some must not, some need a fact to be told", () => {
  expect([writing.length, reading.length, speaking.length]).toEqual([8, 4, 4]);
});

test.for(writing)("$id: without any one of its writes the reward is 0", ({ task }) => {
  const { actions } = criteriaOf(task);
  for (const left of actions.filter(isWrite)) {
    expect(
      play(
        task,
        actions.filter((action) => action !== left),
        allSaid(task),
      ).reward,
    ).toBe(0);
  }
});

test.for(speaking)("$id: without the fact the reward is 0", ({ task }) => {
  expect(play(task, criteriaOf(task).actions, "All done.").reward).toBe(0);
});

/** Every write that the tools let an agent make on a fresh database. */
const possibleWrites: readonly Action[] = [
  ...["L301", "L303", "L304", "L305", "L306"].map((loan_id) => ["renew_loan", { loan_id }] as const),
  ...["H001", "H002", "H003"].map((hold_id) => ["cancel_hold", { hold_id }] as const),
  ...["F401", "F402", "F403", "F404", "F405"].flatMap((fine_id) => [
    ["waive_fine", { fine_id }] as const,
    ["pay_fine", { fine_id, payment_method: "card" }] as const,
  ]),
  ["place_hold", { member_id: "M1001", book_id: "B206", pickup_branch: "Harbour" }] as const,
].map(([name, fields]) => ({ name, argumentsText: JSON.stringify(fields) }));

test.for(reading)("$id: any write gives reward 0", ({ task }) => {
  const { actions } = criteriaOf(task);
  for (const write of possibleWrites) {
    expect([write, play(task, [...actions, write], allSaid(task))]).toEqual([
      write,
      { reward: 0, errors: [], changed: true },
    ]);
  }
});

const refusals: readonly (readonly [string, Readonly<Record<string, unknown>>, string])[] = [
  ["get_account", { member_id: "M9" }, "Error: Member M9 not found"],
  [
    "get_account",
    {},
    "Error: LibraryTools.get_account() missing 1 required positional argument: 'member_id'",
  ],
  ["find_member", { first_name: "Ines", last_name: "Okafor", postcode: "9" }, "Error: Member not found"],
  [
    "find_member",
    { first_name: 1, last_name: "a", postcode: "b" },
    "Error: 'int' object has no attribute 'lower'",
  ],
  ["renew_loan", { loan_id: "L302" }, "Error: Loan L302 has already been renewed 2 times"],
  ["renew_loan", { loan_id: ["L302"] }, "Error: unhashable type: 'list'"],
  ["list_book_holds", { book_id: "B999" }, "Error: Book B999 not found"],
  [
    "place_hold",
    { member_id: "M1001", book_id: "B205", pickup_branch: "Harbour" },
    "Error: Book B205 does not leave the building",
  ],
  [
    "place_hold",
    { member_id: "M1006", book_id: "B204", pickup_branch: "Harbour" },
    "Error: Member M1006 already has a hold on book B204",
  ],
  [
    "place_hold",
    { member_id: "M1007", book_id: "B206", pickup_branch: "Harbour" },
    "Error: Member M1007 is blocked",
  ],
  ["cancel_hold", { hold_id: "H004" }, "Error: Hold H004 is already cancelled"],
  ["pay_fine", { fine_id: "F406", payment_method: "card" }, "Error: Fine F406 is already paid"],
  ["pay_fine", { fine_id: "F401", payment_method: "gold" }, "Error: Payment method must be card or cash"],
  ["no_such_tool", {}, "Error: Tool 'no_such_tool' not found."],
];

test.for(refusals)("%s with %j is refused and changes nothing", ([name, fields, content]) => {
  const environment = createEnvironment(library);
  const call = { name, argumentsText: JSON.stringify(fields), requestor: "assistant" } as const;
  expect(environment.call(call)).toEqual({ content, error: true });
  expect(environment.agentHash()).toBe(createEnvironment(library).agentHash());
});

test("tools answer with the rows as tau2 prints models", () => {
  const environment = createEnvironment(library);
  const answer = (name: string, fields: object) =>
    environment.call({ name, argumentsText: JSON.stringify(fields), requestor: "assistant" }).content;
  expect(answer("find_member", { first_name: "ines", last_name: "OKAFOR", postcode: "4102" })).toBe("M1001");
  expect(answer("renew_loan", { loan_id: "L301" })).toBe(
    '{"loan_id": "L301", "member_id": "M1001", "book_id": "B201", "due_on": "2026-04-04", "renewals": 1}',
  );
  expect(JSON.parse(answer("search_books", { query: "baking" }))).toMatchObject([
    { book_id: "B202" },
    { book_id: "B207" },
  ]);
  expect(answer("get_account", { member_id: "M1008" })).toBe(
    '{"member": {"member_id": "M1008", "first_name": "Renata", "last_name": "Silva", "postcode": "4111", "status": "active"}, ' +
      '"loans": [], "holds": [{"hold_id": "H002", "member_id": "M1008", "book_id": "B202", "pickup_branch": "Harbour", ' +
      '"status": "waiting"}], "fines": [{"fine_id": "F404", "member_id": "M1008", "reason": "overdue", ' +
      '"incurred_on": "2026-03-04", "amount": 6.45, "status": "unpaid", "payment_method": null}]}',
  );
  expect(
    JSON.parse(answer("place_hold", { member_id: "M1001", book_id: "B202", pickup_branch: "Mill Lane" })),
  ).toEqual({
    hold_id: "H005",
    member_id: "M1001",
    book_id: "B202",
    pickup_branch: "Mill Lane",
    status: "waiting",
  });
  expect(JSON.parse(answer("list_book_holds", { book_id: "B202" }))).toHaveLength(3);
});
