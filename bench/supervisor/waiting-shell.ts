/**
 * The supervisor while a run goes on: a shell that reads what the driver says until their pipe closes, and starts the program only then.
 * It takes 1 MB where a waiting Node takes 60. A machine or container that runs out of memory would end that beside the driver, and
 * nobody would be left; the program, too, may be ended for want of memory, and is started again when others have ended.
 * `sh -c SCRIPT sh RUN_ID COMMAND...`: the command gets the shell's pid as its last argument, and what was said on its standard input.
 */
export const waitingShell = `
# A hang-up of the terminal or Ctrl-C is sent to whole process groups, and this one must still be there when all others have ended.
trap "" HUP INT TERM PIPE
run=$1; shift
say() { echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) supervisor $$: $*" >&2; }
say "watching run $run"
said=
while IFS= read -r line; do said="$said$line
"; done
for try in 1 2 3 4 5 6 7 8; do
  printf "%s" "$said$line" | "$@" "$$"
  code=$?
  [ "$code" -gt 128 ] || exit "$code"
  say "its program was ended by signal $((code - 128))"
  sleep 0.3
done
exit "$code"
`;
