/**
 * Text for `sh`: becomes the first process inside, which waits for its standard input to end. What is left behind inside
 * becomes its child, and a dead child that nobody takes note of counts as a process until the sandbox ends: those of a parent
 * that ignores their end are gone at once. A shell does not pass that on to the program that it becomes (dash), `env` of
 * coreutils 8.31 does.
 *
 * @param env a command that is `env`, with arguments @param before further words before the program that waits
 */
export const becomeFirst = (env: string, before = ""): string =>
  [
    `if ${env} --ignore-signal=CHLD true 2>/dev/null; then exec ${env} --ignore-signal=CHLD ${before} cat >/dev/null 2>&1; fi`,
    `exec ${env} ${before} cat >/dev/null 2>&1`,
  ].join("\n");
