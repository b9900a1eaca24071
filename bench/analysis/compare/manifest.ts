import type { RunJson } from "../../store/run-json.ts";

/** One field of two manifests that is not the same. */
export interface FieldChange {
  /** e.g. `resolved.sampling.temperature` */
  readonly field: string;
  /** JSON texts; null where the field is absent. */
  readonly before: string | null;
  readonly after: string | null;
  /** Makes the two runs unlike: their numbers answer different questions. */
  readonly unlike: boolean;
}

/** Where a run was, when, and what it was called: no setting of it. */
const circumstances = [
  "runId",
  "createdAt",
  "argv",
  "note",
  "cells",
  "resolved.file",
  "resolved.note",
  "resolved.output",
  "workload.dataDirectory",
];

/** Another one of these is another experiment: other work, other agents, other engines, or no engines at all. */
const defining = [
  "simulated",
  "agent",
  "resolved.stack.kind",
  "resolved.stack.model",
  "resolved.agent",
  "resolved.sampling",
  "resolved.workload.kind",
  "resolved.workload.domain",
  "resolved.workload.tasks",
  "resolved.workload.trials",
  "resolved.workload.seed",
  "resolved.workload.maxSteps",
  "resolved.workload.maxErrors",
  "hashes",
];
/** A fingerprint over every setting says nothing that the settings themselves do not say better. */
const derived = ["hashes.experiment"];

const within = (field: string, names: readonly string[]) =>
  names.some((name) => field === name || field.startsWith(`${name}.`));

/** Every field that differs, those that make the runs unlike first. Pure. */
export function manifestChanges(before: RunJson, after: RunJson): readonly FieldChange[] {
  const [a, b] = [flattened(before), flattened(after)];
  // Tasks that have scores of their own are compared one by one, those that both runs have.
  const graded = before.scores !== undefined && after.scores !== undefined;
  const unlikes = defining.filter((name) => !(graded && name === "hashes"));
  const fields = [...new Set([...a.keys(), ...b.keys()])].filter(
    (field) => !within(field, circumstances) && !within(field, derived),
  );
  const changed = fields.flatMap((field): FieldChange[] => {
    const [was, is] = [a.get(field) ?? null, b.get(field) ?? null];
    return was === is ? [] : [{ field, before: was, after: is, unlike: within(field, unlikes) }];
  });
  return changed.toSorted((x, y) => Number(y.unlike) - Number(x.unlike) || (x.field < y.field ? -1 : 1));
}

/** Leaves by path as JSON; a list of plain values is a leaf. null is left out: an older run did not ask. */
function flattened(value: unknown, path = ""): ReadonlyMap<string, string> {
  if (value === undefined || value === null) return new Map();
  const plain = Array.isArray(value) && value.every((item) => item === null || typeof item !== "object");
  if (typeof value !== "object" || plain) return new Map([[path, JSON.stringify(value)]]);
  return new Map(
    Object.entries(value).flatMap(([key, item]) => [
      ...flattened(item, path === "" ? key : `${path}.${key}`),
    ]),
  );
}
