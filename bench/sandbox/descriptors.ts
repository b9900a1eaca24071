/**
 * Text for `sh`, before anything enters a sandbox: whoever started Tollgate may have left files open that pass from program
 * to program. Closes all but the first three, and defines `become`, which runs its arguments in place of this shell.
 * `sh` may know descriptors of one digit only; the others are closed by bash, which must be told to read no settings: it
 * takes a socket on its standard input, which Node's pipes are, for a login from another machine.
 */
export const withoutInherited = String.raw`
far=
for open in /proc/self/fd/*; do
  open=${"$"}{open##*/}
  case $open in
  [0-2] | "*") ;;
  [3-9]) eval "exec $open>&-" ;;
  *) far="$far $open" ;;
  esac
done
become() {
  [ -n "$far" ] || exec "$@"
  exec bash --norc --noprofile -c 'for open in $0; do eval "exec $open>&-"; done; exec "$@"' "$far" "$@"
}
`;
