const types = ["array", "boolean", "integer", "null", "number", "object", "string"];
const maps = ["properties", "patternProperties", "$defs", "definitions"];
const single = ["items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"];
const several = ["anyOf", "oneOf", "allOf", "prefixItems"];

/**
 * What is wrong with a JSON schema of a tool, in the first line that Python's jsonschema says of it; null when nothing is, or
 * when there is none. Read are the words that tools use.
 */
export function schemaFlaw(schema: unknown): string | null {
  if (schema === undefined || schema === null || typeof schema === "boolean") return null;
  if (typeof schema !== "object" || Array.isArray(schema))
    return `${pythonValue(schema)} is not of type 'object', 'boolean'`;
  const fields = schema as Readonly<Record<string, unknown>>;
  return typeFlaw(fields["type"]) ?? requiredFlaw(fields["required"]) ?? partsFlaw(fields);
}

function typeFlaw(type: unknown): string | null {
  if (type === undefined) return null;
  const named: readonly unknown[] = Array.isArray(type) ? type : [type];
  const isKnown = named.length > 0 && named.every((one) => typeof one === "string" && types.includes(one));
  return isKnown ? null : `${pythonValue(type)} is not valid under any of the given schemas`;
}

function requiredFlaw(required: unknown): string | null {
  if (required === undefined) return null;
  if (!Array.isArray(required)) return `${pythonValue(required)} is not of type 'array'`;
  const other: unknown = required.find((name) => typeof name !== "string");
  return other === undefined ? null : `${pythonValue(other)} is not of type 'string'`;
}

function partsFlaw(fields: Readonly<Record<string, unknown>>): string | null {
  for (const name of maps) {
    const map = fields[name];
    if (map === undefined) continue;
    if (typeof map !== "object" || map === null || Array.isArray(map))
      return `${pythonValue(map)} is not of type 'object'`;
    for (const part of Object.values(map))
      if (schemaFlaw(part ?? "None") !== null) return schemaFlaw(part ?? "None");
  }
  const parts = [...single.map((name) => fields[name]), ...several.flatMap((name) => fields[name] ?? [])];
  return parts.map(schemaFlaw).find((flaw) => flaw !== null) ?? null;
}

function pythonValue(value: unknown): string {
  return typeof value === "string" ? `'${value}'` : JSON.stringify(value);
}
