const names = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "NODE_EXTRA_CA_CERTS"];

/**
 * Python's setproctitle, which SGLang uses, writes a process's title over its environment, and the process then cannot be
 * found by it: its variable says no.
 */
const findable = { SPT_NOENV: "1" };

/** Of the user's environment what a program needs to run, without the user's keys. */
export function programEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const kept = names.flatMap((name) => (environment[name] ? [[name, environment[name]] as const] : []));
  return { ...findable, ...Object.fromEntries(kept) };
}
