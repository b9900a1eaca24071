import type { EnumType } from "./enum-member.ts";
import { EnumMember } from "./enum-member.ts";
import type { Field, FieldType, Issues, PyDict, PyList, PyValue } from "./value.ts";
import { Model, ModelType } from "./value.ts";

/** `Literal["a", "b"]`. */
export function literal(...options: readonly string[]): FieldType {
  const allowed = new Set(options);
  return {
    label: `literal[${options.map(quoted).join(",")}]`,
    validate: (input, validation) =>
      typeof input === "string" && allowed.has(input)
        ? input
        : validation.fail("literal_error", `Input should be ${oneOf(options)}`, input),
  };
}

/** A `(str, Enum)`: members stay, their values become members. */
export function enumeration(type: EnumType): FieldType {
  const values = type.members.map((member) => member.value);
  return {
    label: type.name,
    validate(input, validation) {
      if (input instanceof EnumMember && input.type === type) return input;
      const text = input instanceof EnumMember ? input.value : input;
      const member = typeof text === "string" ? type.find(text) : undefined;
      return member ?? validation.fail("enum", `Input should be ${oneOf(values)}`, input);
    },
  };
}

/** `Optional[X]`. */
export function optional(type: FieldType): FieldType {
  return {
    label: `nullable[${type.label}]`,
    validate: (input, validation) => (input === null ? null : type.validate(input, validation)),
  };
}

/** `List[X]`; the result is a new list. */
export function list(type: FieldType): FieldType {
  return {
    label: `list[${type.label}]`,
    validate(input, validation) {
      if (!Array.isArray(input)) return validation.fail("list_type", "Input should be a valid list", input);
      const mark = validation.mark;
      const result: PyList = [];
      for (const [index, entry] of input.entries()) {
        const valid = validation.at(index, () => type.validate(entry, validation));
        if (valid !== undefined) result.push(valid);
      }
      return validation.mark === mark ? result : undefined;
    },
  };
}

/** `Dict[K, V]`; the result is a new dict in the input's order. Keys of other types than str go through `keyType`. */
export function dict(type: FieldType, keyType?: FieldType): FieldType {
  return {
    label: `dict[${keyType?.label ?? "str"},${type.label}]`,
    validate(input, validation) {
      if (!(input instanceof Map)) {
        return validation.fail("dict_type", "Input should be a valid dictionary", input);
      }
      const mark = validation.mark;
      const result: PyDict = new Map();
      for (const [key, entry] of input) {
        if (keyType !== undefined) {
          validation.at(key, () => validation.at("[key]", () => keyType.validate(key, validation)));
        }
        const valid = validation.at(key, () => type.validate(entry, validation));
        if (valid !== undefined) result.set(key, valid);
      }
      return validation.mark === mark ? result : undefined;
    },
  };
}

/** `Union[...]`: the first member that accepts the input; else the errors of all, each below its member's name. */
export function union(...members: readonly FieldType[]): FieldType {
  return {
    label: `union[${members.map((member) => member.label).join(",")}]`,
    validate(input, validation) {
      const mark = validation.mark;
      for (const member of members) {
        const before = validation.mark;
        const valid = validation.at(member.label, () => member.validate(input, validation));
        if (valid !== undefined && validation.mark === before) {
          validation.rewind(mark);
          return valid;
        }
      }
      return undefined;
    },
  };
}

/** A field whose type is another model: an instance stays the same object, a dict is validated. */
export function modelField(type: ModelType): FieldType {
  return {
    label: type.name,
    validate: (input, validation) => validateModel(type, input, validation),
  };
}

/** Validates an input as a model. Unknown keys are dropped, or an error when the model forbids them. */
export function validateModel(type: ModelType, input: PyValue, validation: Issues): Model | undefined {
  if (input instanceof Model && input.type === type) return input;
  if (!(input instanceof Map)) {
    const message = `Input should be a valid dictionary or instance of ${type.name}`;
    return validation.fail("model_type", message, input);
  }
  const mark = validation.mark;
  const values = type.fields.map((field) => validateField(field, input, validation) ?? null);
  if (type.forbidsExtra) {
    for (const [key, entry] of input) {
      if (type.slotOf(key) !== undefined) continue;
      validation.at(key, () => validation.fail("extra_forbidden", "Extra inputs are not permitted", entry));
    }
  }
  return validation.mark === mark ? new Model(type, values) : undefined;
}

function validateField(field: Field, input: PyDict, validation: Issues): PyValue | undefined {
  const given = input.get(field.name);
  if (given !== undefined) return validation.at(field.name, () => field.type.validate(given, validation));
  if (field.makeDefault !== undefined) return field.makeDefault();
  return validation.at(field.name, () => validation.fail("missing", "Field required", input));
}

type FieldSpec = FieldType | { readonly type: FieldType; readonly makeDefault: () => PyValue };

interface ModelOptions {
  readonly base?: ModelType;
  /** pydantic's `extra="forbid"`. */
  readonly forbidsExtra?: boolean;
}

/** Declares a model class. Fields keep their order; a field that a base class has too keeps the base's place. */
export function defineModel(
  name: string,
  specs: Readonly<Record<string, FieldSpec>>,
  options: ModelOptions = {},
): ModelType {
  const fields = new Map<string, Field>(options.base?.fields.map((field) => [field.name, field]));
  for (const [field, spec] of Object.entries(specs)) {
    fields.set(field, "makeDefault" in spec ? { name: field, ...spec } : { name: field, type: spec });
  }
  return new ModelType(name, [...fields.values()], options.forbidsExtra ?? false);
}

/** A field with an immutable default, or with one that is made for each model. */
export function withDefault(type: FieldType, value: PyValue | (() => PyValue)): FieldSpec {
  return { type, makeDefault: typeof value === "function" ? value : () => value };
}

function quoted(option: string): string {
  return `'${option}'`;
}

function oneOf(options: readonly string[]): string {
  const all = options.map(quoted);
  const last = all.pop() ?? "";
  return all.length === 0 ? last : `${all.join(", ")} or ${last}`;
}
