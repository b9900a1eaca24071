/** The value of a JSON text; null where it is none, for texts of others that a schema checks next. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
