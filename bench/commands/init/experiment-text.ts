import { stringify } from "yaml";
import type { ProbedServer, ServerNote } from "./probe-server.ts";

/** What an experiment is made of; null and undefined leave a line out. */
export interface ExperimentChoices {
  readonly name: string;
  /** As it is named on command lines. */
  readonly file: string;
  /** Name of the JSON Schema beside it; null without one. */
  readonly schemaFile: string | null;
  /** `2026-11-28` */
  readonly date: string;
  /** null: simulated engines. */
  readonly servers: { readonly agent: ChosenServer; readonly user: ChosenServer } | null;
  /** null: Tollgate's own. */
  readonly gateway: ChosenGateway | null;
  readonly agentKind: string;
  readonly domain: string;
  readonly concurrency: readonly number[];
}

export interface ChosenServer {
  readonly url: string;
  readonly model: string | undefined;
  readonly keyName: string | undefined;
  /** null where it was not asked. */
  readonly probed: ProbedServer | null;
}

export interface ChosenGateway {
  readonly url: string;
  readonly keyName: string | undefined;
  readonly notes: readonly ServerNote[];
}

/** The file, with a comment wherever somebody will want to change something. */
export function experimentText(choices: ExperimentChoices): string {
  const { schemaFile, name, date } = choices;
  const file = oneLine(choices.file);
  return [
    ...(schemaFile === null ? [] : [`# yaml-language-server: $schema=${schemaFile}`]),
    `# Written by tollgate init, ${date}. What it would do: tollgate plan ${file}`,
    `# What its servers are and lack: tollgate preflight ${file}     Run it: tollgate sweep ${file}`,
    `name: ${name}`,
    ...stackLines(choices),
    ...armLines(choices),
    ...workLines(choices),
    "",
  ].join("\n");
}

function stackLines({ servers }: ExperimentChoices): readonly string[] {
  if (servers === null)
    return [
      "stack:",
      "  # Simulated engines that Tollgate starts: for a try, without a GPU. Your own: kind: attach, with agent.url and user.url.",
      "  kind: embedded",
    ];
  const { agent, user } = servers;
  const shared = agent.url === user.url;
  return [
    "stack:",
    "  # Servers that run already; Tollgate neither starts nor stops them.",
    "  kind: attach",
    "  agent:",
    ...serverLines(agent),
    "  user:",
    "    # The model that plays the user.",
    ...(shared
      ? [
          "    # The agent's own server: its counters then mix both, and tokens cannot be checked against them.",
        ]
      : []),
    ...serverLines(user),
  ];
}

function serverLines({ url, model, keyName, probed }: ChosenServer): readonly string[] {
  const said = probed === null ? [] : [probed.program, ...probed.notes.map(noteText)];
  return [
    ...said.map((text) => `    # ${oneLine(text)}`),
    `    url: ${scalar(url)}`,
    ...(model === undefined ? [] : [`    model: ${scalar(model)}`]),
    ...(keyName === undefined ? [] : [`    apiKeyEnv: ${scalar(keyName)}`]),
  ];
}

function armLines({ gateway }: ExperimentChoices): readonly string[] {
  const compared =
    gateway === null
      ? [
          "  # Tollgate's own recording gateway. Another one that runs already: kind: url, with its url.",
          "  - kind: gateway",
        ]
      : [
          "  - kind: url",
          "    name: gateway",
          ...gateway.notes.map((note) => `    # ${oneLine(noteText(note))}`),
          `    url: ${scalar(gateway.url)}`,
          ...(gateway.keyName === undefined ? [] : [`    apiKeyEnv: ${scalar(gateway.keyName)}`]),
          "    # With the gateway's upstream set to http://127.0.0.1:31000 its own hop is measured, too:",
          "    # innerTapPort: 31000",
        ];
  return [
    "arms:",
    "  # Straight to the engine: what the others are compared with.",
    "  - kind: raw",
    "  # A proxy that does nothing, started by Tollgate: what any proxy costs here.",
    "  - kind: null-proxy",
    ...compared,
  ];
}

function workLines({ agentKind, domain, concurrency }: ExperimentChoices): readonly string[] {
  return [
    "agent:",
    "  # openclaw: the real agent, in processes of its own. native: a bare loop of model and tools.",
    `  kind: ${agentKind}`,
    "workload:",
    "  # library: twelve short tasks that are shipped. airline, retail, telecom: with data: path/to/tau2-bench/data",
    `  domain: ${scalar(domain)}`,
    "  # Attempts at each task (pass^k needs k of them).",
    "  trials: 1",
    "sweep:",
    "  # Episodes in flight: one cell each, in every arm.",
    `  concurrency: [${concurrency.join(", ")}]`,
    "  # 3 or more, and how the servers drift from cell to cell is in the intervals.",
    "  repetitions: 1",
    "sampling:",
    "  # The same in every arm, because engines and gateways fall back to defaults of their own.",
    "  temperature: 0",
    "  maxTokens: 2048",
  ];
}

export function noteText({ what, change }: ServerNote): string {
  return change === null ? what : `${what} -> ${change}`;
}

/** A comment, and a line on a terminal, end where they should, whatever a server said. */
export const oneLine = (text: string) => text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029\s]+/gu, " ").trim();

/** On one line, in quotes where YAML needs them. */
function scalar(text: string): string {
  const written = stringify(text, { lineWidth: 0 }).trimEnd();
  return written.includes("\n") ? JSON.stringify(text) : written;
}
