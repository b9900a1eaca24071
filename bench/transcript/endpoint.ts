/** One base URL with a role. `baseUrl` ends in `/v1` and has no trailing slash. */
export interface Endpoint {
  readonly role: "agent" | "user";
  readonly baseUrl: string;
  readonly model: string;
  readonly apiKey: string;
  /** Sent with every request, e.g. `x-tollgate-episode`. */
  readonly headers: Readonly<Record<string, string>>;
}
