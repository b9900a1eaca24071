import type { PreflightRecord } from "../store/preflight-record.ts";

/** What a person who watches a sweep should know of its preflight: one line, and one for each warning and skipped check. */
export function preflightLines({ checks, seconds }: PreflightRecord): readonly string[] {
  const findings = checks.flatMap(({ name, findings }) => findings.map((finding) => ({ name, ...finding })));
  const count = (wanted: string) => findings.filter(({ status }) => status === wanted).length;
  const skipped = checks.filter((check) => check.skipped).map(({ name }) => name);
  return [
    `preflight: ${count("ok")} ok, ${count("warning")} warnings, ${count("failed")} failed, ${count("not checked")} not checked, in ${seconds.toFixed(1)} s`,
    ...findings
      .filter(({ status }) => status === "warning")
      .map(({ name, on, what, change }) => `warning: preflight ${name}: ${on}: ${what}. ${change ?? ""}`),
    ...(skipped.length === 0 ? [] : [`warning: preflight left out ${skipped.join(", ")}`]),
  ];
}
