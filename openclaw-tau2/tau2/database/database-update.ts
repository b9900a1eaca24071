import { validateModel } from "../python/field-type.ts";
import { Validation } from "../python/validation.ts";
import type { Versions } from "../python/validation.ts";
import type { PyDict, PyValue } from "../python/value.ts";
import { Model } from "../python/value.ts";

/** tau2's `update_db`: the update is merged deeply into the dumped database, which is then validated as a whole. */
export function updateDatabase(database: Model, update: PyDict, versions: Versions): Model {
  const merged = merge(dump(database) as PyDict, update);
  const validation = new Validation();
  const model = validateModel(database.type, merged, validation);
  if (model === undefined) throw validation.error(database.type.name, versions);
  return model;
}

/** pydantic's `model_dump()`: models become dicts, containers are copied. */
function dump(value: PyValue): PyValue {
  if (value instanceof Model) {
    return new Map(value.type.fields.map((field, slot) => [field.name, dump(value.values[slot] ?? null)]));
  }
  if (Array.isArray(value)) return value.map(dump);
  if (value instanceof Map) return new Map(Array.from(value, ([key, item]) => [key, dump(item)]));
  return value;
}

/** addict's `update`: dicts are merged key by key, everything else is replaced. */
function merge(target: PyDict, update: PyDict): PyDict {
  for (const [key, value] of update) {
    const known = target.get(key);
    if (known instanceof Map && value instanceof Map) merge(known, value);
    else target.set(key, value);
  }
  return target;
}
