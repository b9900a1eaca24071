import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { EnvironmentReply } from "../../../../openclaw-tau2/tau2/contract/domain.ts";
import { loadDomain } from "../../../../openclaw-tau2/tau2/loading/load.ts";

const dataDirectory = join(import.meta.dirname, "../../../../openclaw-tau2/data");
const library = loadDomain({ domain: "library", dataDirectory });
const tools = JSON.parse(library.agentToolsJson) as readonly {
  readonly function: { readonly name: string; readonly parameters: { readonly properties: object } };
}[];

function answer(name: string, argumentsText: string): EnvironmentReply {
  return library.createEnvironment().call({ name, argumentsText, requestor: "assistant" });
}

test.each([
  ["no_such_tool", "{}", "Error: Tool 'no_such_tool' not found."],
  ["__proto__", "{}", "Error: Tool '__proto__' not found."],
  ["constructor", "{}", "Error: Tool 'constructor' not found."],
  [
    "renew_loan",
    '{"__proto__": 1, "loan_id": "L301"}',
    "Error: LibraryTools.renew_loan() got an unexpected keyword argument '__proto__'",
  ],
  ["renew_loan", "{}", "Error: LibraryTools.renew_loan() missing 1 required positional argument: 'loan_id'"],
  ["renew_loan", '{"loan_id": ["L301"]}', "Error: unhashable type: 'list'"],
  [
    "renew_loan",
    '{"self": 1}',
    "Error: Environment.make_tool_call() got multiple values for argument 'self'",
  ],
  [
    "renew_loan",
    '{"tool_name": 1}',
    "Error: Environment.make_tool_call() got multiple values for argument 'tool_name'",
  ],
  [
    "renew_loan",
    '{"self": 1, "requestor": "user"}',
    "Error: tau2.environment.environment.Environment.make_tool_call() got multiple values for keyword argument 'requestor'",
  ],
  ["renew_loan", "{", "Error: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"],
  ["renew_loan", "", "Error: Expecting value: line 1 column 1 (char 0)"],
])("%s(%s) is answered with Python's text", (name, argumentsText, content) => {
  expect(answer(name, argumentsText)).toEqual({ content, error: true });
});

test("arguments that are no object, very long or very deep are answered, not thrown", () => {
  expect(answer("renew_loan", "[1]").content).toMatch(/^Error: 1 validation error for ToolCall\n/);
  const long = "x".repeat(5_000_000);
  expect(answer("get_book", JSON.stringify({ book_id: long }))).toEqual({
    content: `Error: Book ${long} not found`,
    error: true,
  });
  expect(answer("get_book", `{"book_id": ${"[".repeat(50_000)}`).content).toMatch(
    /^Error: maximum recursion depth exceeded/,
  );
});

test("a user's call is refused where there are no user tools, and no solo mode is made up", () => {
  const call = { name: "get_book", argumentsText: "{}", requestor: "user" } as const;
  expect(library.createEnvironment().call(call).content).toBe("Error: User tools not available");
  expect(() => library.createEnvironment({ solo: true })).toThrow("Domain library has no solo mode.");
});

test("whatever is called, the environments beside it stay as they were loaded", () => {
  const untouched = library.createEnvironment();
  const start = untouched.agentHash();
  const ids = ["M1001", "B201", "L301", "L302", "H401", "F501", "card", "Ines", "4102", ""];
  const value = fc.oneof(fc.constantFrom(...ids), fc.jsonValue({ maxDepth: 2 }));
  const call = fc.record({
    tool: fc.constantFrom(...tools),
    values: fc.array(value, { minLength: 3, maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 8 }), (calls) => {
      const environment = library.createEnvironment();
      for (const { tool, values } of calls) {
        const { name, parameters: schema } = tool.function;
        const parameters = Object.keys(schema.properties);
        const entries = parameters.map((parameter, index) => [parameter, values[index] ?? null]);
        const argumentsText = JSON.stringify(Object.fromEntries(entries));
        expect(environment.call({ name, argumentsText, requestor: "assistant" }).content).toBeTypeOf(
          "string",
        );
      }
      expect(library.createEnvironment().agentHash()).toBe(start);
    }),
  );
  expect(untouched.agentHash()).toBe(start);
});

test("a replay repeats what changes state and refuses a transcript that does not fit", () => {
  const live = library.createEnvironment();
  const call = {
    id: "c1",
    name: "renew_loan",
    argumentsText: '{"loan_id": "L301"}',
    requestor: "assistant",
  } as const;
  const reply = live.call(call);
  const asked = { role: "assistant", content: null, toolCalls: [call] } as const;
  const result = { role: "tool", id: "c1", requestor: "assistant", ...reply } as const;
  const replayed = (history: Parameters<typeof live.setState>[0]["history"], strict = true): string => {
    const environment = library.createEnvironment();
    environment.setState({ initialStateText: null, history, strict });
    return environment.agentHash();
  };
  expect(replayed([asked, result])).toBe(live.agentHash());
  expect(replayed([asked, { ...result, content: "other" }], false)).toBe(live.agentHash());
  expect(() => replayed([asked, { ...result, content: "other" }])).toThrow(/^Tool call:\nrenew_loan/);
  expect(() => replayed([asked])).toThrow("Tool message expected. Got None.");
  expect(() => replayed([asked, { ...result, id: "c2" }])).toThrow("Tool call id mismatch. Got c1 and c2");
  expect(() => replayed([result])).toThrow("Tool message not expected.");
  expect(() => replayed([asked, { role: "user", content: "?", toolCalls: null }])).toThrow(
    "Tool message expected. Got <class 'tau2.data_model.message.UserMessage'>",
  );
});

test("initialization data is merged deeply and validated as a whole", () => {
  const environment = library.createEnvironment();
  const update = (agentData: unknown) =>
    environment.setState({
      initialStateText: JSON.stringify({ initialization_data: { agent_data: agentData } }),
      history: [],
      strict: true,
    });
  update({ members: { M1001: { first_name: "Ina" } } });
  const { content } = environment.call({
    name: "find_member",
    argumentsText: '{"first_name": "Ina", "last_name": "Okafor", "postcode": "4102"}',
    requestor: "assistant",
  });
  expect(content).toBe("M1001");
  expect(() => update({ members: { M1001: { first_name: 5 } } })).toThrow(
    "1 validation error for LibraryDB\nmembers.M1001.first_name\n  Input should be a valid string " +
      "[type=string_type, input_value=5, input_type=int]\n    For further information visit " +
      "https://errors.pydantic.dev/2.12/v/string_type",
  );
  expect(() => update({ surprise: 1 })).toThrow(/surprise\n {2}Extra inputs are not permitted/);
});
