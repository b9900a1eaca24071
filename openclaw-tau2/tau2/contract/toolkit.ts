import type { REQUIRED, Signature } from "../python/call.ts";
import { validateModel } from "../python/field-type.ts";
import { Validation } from "../python/validation.ts";
import type { Versions } from "../python/validation.ts";
import type { Model, ModelType, PyValue } from "../python/value.ts";

/**
 * How to define a domain
 * ----------------------
 * 1. Data model: `defineModel("Task", { task_id: str, status: literal("pending"), note: withDefault(optional(str), null) })`
 *    in the order of the Python class (`python/field-type.ts`, `python/scalar-type.ts`, enums in `python/enum-member.ts`).
 *    The database is a model with `forbidsExtra: true`.
 * 2. Tools: `const method = methodsOf<Toolkit>()` and a record of `method({ task_id: REQUIRED, limit: 12 }, (kit, args) => …)`
 *    under the Python names, tools and helper functions (initialization, assertions) alike. Which of them are tools, their
 *    type, order and schema come from the schemas that the domain is loaded with.
 * 3. `kit.db` is the database model. Read with `model.get("field")` (AttributeError as in Python), `attribute(anything, "field")`,
 *    `dictField`, `listField` and the functions of `python/`; write with `model.set`, or on lists and dicts directly.
 *    **Databases are shared:** models inside a dict that is a direct field of the database belong to all environments;
 *    take them with `ownEntry(dict, key)` before writing (a write to a shared model throws). Everything else
 *    in a database is copied for each environment and may be written at once.
 * 4. Models from arguments: `kit.make(TaskModel, { task_id: …, … })` validates and coerces like pydantic.
 * 5. Return models, lists, dicts or texts; the environment prints them as tau2 does. Throw `valueError("…")`.
 * 6. Export a `DomainDefinition` (domain-definition.ts) and put it into `domains/registry.ts`.
 *    State beyond the database (telecom's VPN default, bill numbers) goes into a subclass of Toolkit made by `create`.
 */
export class Toolkit {
  db: Model;
  readonly services: Services;

  constructor(db: Model, services: Services) {
    this.db = db;
    this.services = services;
  }

  /** pydantic's `Type(**values)`. Throws ValidationError with pydantic's text. */
  make(type: ModelType, values: Readonly<Record<string, PyValue>>): Model {
    return this.makeFrom(type, new Map(Object.entries(values)));
  }

  /** The same from a dict, as in `Type(**argument)`. */
  makeFrom(type: ModelType, values: ReadonlyMap<string, PyValue>): Model {
    const validation = new Validation();
    const model = validateModel(type, values as Map<string, PyValue>, validation);
    if (model === undefined) throw validation.error(type.name, this.services.versions);
    return model;
  }
}

/** What an environment supplies to its toolkits. */
export interface Services {
  readonly versions: Versions;
  /** Replaces `uuid4().hex[:8]`: 8 hex digits, the k-th from sha256 of the decimal text of k. */
  readonly nextHex8: () => string;
}

export interface Method<Kit> {
  readonly signature: Signature<string>;
  readonly run: (kit: Kit, args: Record<string, PyValue>) => PyValue;
}

type Arguments<Parameters> = { readonly [Name in keyof Parameters]: PyValue };

/** A typed maker of methods for one class of toolkit: `args` has exactly the declared parameters. */
export function methodsOf<Kit extends Toolkit>() {
  return function method<Parameters extends Readonly<Record<string, PyValue | typeof REQUIRED>>>(
    signature: Parameters,
    run: (kit: Kit, args: Arguments<Parameters>) => PyValue,
  ): Method<Kit> {
    // bindArguments fills every declared parameter, which the type cannot show.
    return { signature, run: run as Method<Kit>["run"] };
  };
}

export interface ToolkitDefinition<Kit extends Toolkit> {
  /** Python's class name, part of error texts. */
  readonly className: string;
  readonly database: ModelType;
  readonly create: (db: Model, services: Services) => Kit;
  readonly methods: Readonly<Record<string, Method<Kit>>>;
}

/** A definition whose class of toolkit is known to itself only: what `create` makes is what its methods take. */
export type AnyToolkitDefinition = ToolkitDefinition<Toolkit>;

/** Declares a toolkit; forgets the subclass, which only the definition's own methods see. */
export function defineToolkit<Kit extends Toolkit>(definition: ToolkitDefinition<Kit>): AnyToolkitDefinition {
  return definition as unknown as AnyToolkitDefinition;
}
