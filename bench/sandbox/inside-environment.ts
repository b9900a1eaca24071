/** Whom commands run as inside. Not root: archives and package managers then keep no owners that do not exist here. */
export const insideUser = { name: "agent", id: 1000 } as const;

/** Where commands inside look for programs; an image has a PATH of its own. */
export const insidePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * The environment of commands inside: written out here, never inherited, so that no key can be in it, and the same on
 * every machine.
 */
export function insideEnvironment(
  given: Readonly<Record<string, string>>,
  home = "/tmp/home",
): Readonly<Record<string, string>> {
  return {
    PATH: insidePath,
    HOME: home,
    USER: insideUser.name,
    LOGNAME: insideUser.name,
    SHELL: "/bin/sh",
    LANG: "C.UTF-8",
    TZ: "UTC",
    TMPDIR: "/tmp",
    ...given,
  };
}

export const assignments = (environment: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(environment).map(([name, value]) => `${name}=${value}`);
