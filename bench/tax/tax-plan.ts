import { blocksMin } from "../analysis/replay/interim-analyses.ts";
import { ConfigError } from "../errors.ts";
import { loadText, parseLoad } from "../load/schedule.ts";
import type { ReplayArm, ReplayPlan, ReplaySetting } from "../store/replay-plan.ts";
import type { ProbedSize } from "./probe.ts";
import { turnsOfConversation } from "./conversations.ts";

export const arms = {
  raw: { label: "raw", arm: "raw", kind: "raw", part: "baseline" },
  gateway: { label: "gateway", arm: "gateway", kind: "url", part: "compared" },
  again: { label: "raw.2", arm: "raw", kind: "raw", part: "again" },
  placebo: { label: "null-proxy", arm: "null-proxy", kind: "null-proxy", part: "placebo" },
} as const satisfies Readonly<Record<string, ReplayArm>>;

export interface TaxRequest {
  /** `1`, `4` or `open:2`. */
  readonly loads: readonly string[];
  /** What is left for the blocks of all loads. */
  readonly seconds: number;
  readonly maxTokens: number;
  readonly seed: number;
}

export interface TaxPlan {
  readonly replay: ReplayPlan;
  readonly sizes: readonly ProbedSize[];
  /** What was left out for want of time. */
  readonly leftOut: readonly string[];
}

/** Snapshots, drain and evidence around a turn. */
const turnSeconds = 0.3;
/** Fewer give wide intervals. */
const blocksWanted = 4;
/** Of a turn's requests, where they are over sooner. */
const workSecondsWanted = 0.3;
const blocksMax = 60;

/** As many sizes, arms and loads as there is time for in enough blocks. @throws {ConfigError} when there is not for any */
export function planTax(request: TaxRequest, probed: readonly ProbedSize[]): TaxPlan {
  const loads = request.loads.map(loadOf);
  const forms = formsOf(probed).flatMap((form) => [{ ...form, loads }]);
  const [smallest] = probed;
  const last = { sizes: probed.slice(0, 1), placebo: false, loads: loads.slice(0, 1) };
  const fits =
    forms.find((form) => blocksIn(form, request.seconds) >= blocksWanted) ??
    [...forms, last].find((form) => blocksIn(form, request.seconds) >= blocksMin);
  if (fits === undefined || smallest === undefined) throw tooShort(request, last);
  return {
    replay: replayPlan(request, fits),
    sizes: fits.sizes,
    leftOut: leftOutOf(fits, { probed, loads }),
  };
}

interface Form {
  readonly sizes: readonly ProbedSize[];
  readonly placebo: boolean;
  readonly loads: readonly string[];
}

function formsOf(probed: readonly ProbedSize[]): readonly Omit<Form, "loads">[] {
  const counts = [3, 2, 1].filter((count) => count <= probed.length);
  const some = counts.map((count) => probed.slice(0, count));
  return [true, false].flatMap((placebo) => some.map((sizes) => ({ sizes, placebo }))).toSorted(worthOf);
}

/** Two sizes with the null proxy say more than three without it, and those more than one with it. */
function worthOf(a: Omit<Form, "loads">, b: Omit<Form, "loads">): number {
  const worth = ({ sizes, placebo }: Omit<Form, "loads">) => 2 * sizes.length + (placebo ? 3 : 0);
  return worth(b) - worth(a);
}

/** Each user has one conversation of every size, or several where they are short. */
function repeatsOf({ sizes }: Form): number {
  return Math.min(4, Math.max(1, Math.round(workSecondsWanted / workSeconds(sizes))));
}

function workSeconds(sizes: readonly ProbedSize[]): number {
  return sizes.reduce((sum, { conversationMs }) => sum + conversationMs / 1000, 0);
}

function blockSeconds(form: Form): number {
  const turns = 2 * (form.placebo ? 4 : 3);
  return turns * (turnSeconds + repeatsOf(form) * workSeconds(form.sizes));
}

/** Several in flight share the engine: their turns last longer than one user's. */
const crowding = 0.15;

function blocksIn(form: Form, seconds: number): number {
  const round = form.loads.reduce((sum, load) => {
    const parsed = parseLoad(load);
    const users = parsed.kind === "closed" ? parsed.users : 1;
    return sum + blockSeconds(form) * (1 + crowding * Math.min(users - 1, 8));
  }, 0);
  return seconds / round;
}

function tooShort({ seconds }: TaxRequest, form: Form): ConfigError {
  const needed = Math.ceil((blocksMin * blockSeconds(form) + 30) / 60);
  return new ConfigError(
    `There is too little time: a short conversation takes ${workSeconds(form.sizes).toFixed(1)} s at the raw server, and ${blocksMin} blocks of it are the least that gives an interval; ${Math.max(0, seconds).toFixed(0)} s are left for them. Use --minutes ${needed}.`,
  );
}

function leftOutOf(
  fits: Form,
  { probed, loads }: { readonly probed: readonly ProbedSize[]; readonly loads: readonly string[] },
): readonly string[] {
  const all = [
    ...probed.slice(fits.sizes.length).map(({ size }) => `${size.name} requests`),
    ...(fits.placebo ? [] : ["the null proxy"]),
    ...loads.slice(fits.loads.length).map((load) => `load ${load}`),
  ];
  return all.map((what) => `${what}: no time, see --minutes`);
}

function replayPlan({ maxTokens, seed }: TaxRequest, form: Form): ReplayPlan {
  const { sizes, placebo, loads } = form;
  const settings = loads.map((load): ReplaySetting => {
    const parsed = parseLoad(load);
    const users = parsed.kind === "closed" ? parsed.users : 4;
    const conversations = users * sizes.length * repeatsOf(form);
    return { key: `salt-${load.replaceAll(":", "-")}`, cache: "salt", load, conversations };
  });
  const conversations = Math.max(...settings.map(({ conversations: count = 0 }) => count));
  return {
    source: { runId: "shipped-conversations", cellId: "agent", arm: "raw" },
    conversations,
    requests: conversations * turnsOfConversation,
    arms: [arms.raw, arms.gateway, arms.again, ...(placebo ? [arms.placebo] : [])],
    settings,
    order: "abba",
    blocks: blocksMax,
    until: null,
    margin: null,
    maxTokens,
    temperature: 0,
    thinkScale: 1,
    seed,
  };
}

/** `4` is `closed:4`. */
function loadOf(text: string): string {
  const word = text.trim();
  return loadText(parseLoad(/^\d+$/.test(word) ? `closed:${word}` : word));
}

/** `4 in flight`, `2 conversations a second` */
export function loadWords(load: string): string {
  const parsed = parseLoad(load);
  return parsed.kind === "closed" ? `${parsed.users} in flight` : load;
}
