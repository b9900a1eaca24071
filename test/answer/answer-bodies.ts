/** An event of a stream with one choice. */
export const chunk = (choice: object): object => ({ choices: [{ index: 0, ...choice }] });

/** The body of a stream; an event that is a text is the data as it is. */
export const stream = (...events: readonly unknown[]): string =>
  events.map((event) => `data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`).join("");
