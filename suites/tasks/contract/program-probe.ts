/** The command that succeeds where a program or a module of Python (`python3 -m pytest`) is there. */
export function probeFor(program: string): readonly [file: string, ...words: string[]] {
  const [name = program, flag, module] = program.split(/\s+/u);
  return flag === "-m" && module !== undefined
    ? [name, "-I", "-c", `import ${module}`]
    : ["sh", "-c", 'command -v "$1" >/dev/null', "sh", name];
}
