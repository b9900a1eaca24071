/**
 * The pairing with the highest sum, by the Hungarian method; `rows[wanted][made]`, null: cannot be paired. Returns for each
 * row its column, or null.
 */
export function bestPairs(rows: readonly (readonly (number | null)[])[]): (number | null)[] {
  const columns = rows[0]?.length ?? 0;
  const size = Math.max(rows.length, columns);
  if (rows.length === 0 || columns === 0) return rows.map(() => null);
  const cost = (row: number, column: number) => -(rows[row]?.[column] ?? 0);
  // Potentials of rows and columns, 1-based; column 0 is a place to start from.
  const rowPotential = filled(rows.length + 1, 0);
  const columnPotential = filled(size + 1, 0);
  const rowOf = filled(size + 1, 0);
  for (let row = 1; row <= rows.length; row++) {
    rowOf[0] = row;
    const before = shortestPath({ cost, rowPotential, columnPotential, rowOf, size });
    for (let column = before.end; column !== 0;) {
      const previous = before.path[column] ?? 0;
      rowOf[column] = rowOf[previous] ?? 0;
      column = previous;
    }
  }
  const places = rows.map((): number | null => null);
  for (let column = 1; column <= columns; column++) {
    const row = (rowOf[column] ?? 0) - 1;
    if (row >= 0 && rows[row]?.[column - 1] != null) places[row] = column - 1;
  }
  return places;
}

const filled = (length: number, value: number) => Array.from({ length }, () => value);

interface Potentials {
  readonly cost: (row: number, column: number) => number;
  readonly rowPotential: number[];
  readonly columnPotential: number[];
  readonly rowOf: number[];
  readonly size: number;
}

/** Where a row that has no column yet finds one, when others move on. */
function shortestPath({ cost, rowPotential, columnPotential, rowOf, size }: Potentials) {
  const least = filled(size + 1, Number.POSITIVE_INFINITY);
  const path = filled(size + 1, 0);
  const done = new Set<number>();
  let column = 0;
  do {
    done.add(column);
    const row = rowOf[column] ?? 0;
    let [delta, next] = [Number.POSITIVE_INFINITY, 0];
    for (let to = 1; to <= size; to++) {
      if (done.has(to)) continue;
      const price = cost(row - 1, to - 1) - (rowPotential[row] ?? 0) - (columnPotential[to] ?? 0);
      if (price < (least[to] ?? 0)) {
        least[to] = price;
        path[to] = column;
      }
      if ((least[to] ?? 0) < delta) [delta, next] = [least[to] ?? 0, to];
    }
    for (let to = 0; to <= size; to++) {
      if (done.has(to)) {
        const owner = rowOf[to] ?? 0;
        rowPotential[owner] = (rowPotential[owner] ?? 0) + delta;
        columnPotential[to] = (columnPotential[to] ?? 0) - delta;
      } else least[to] = (least[to] ?? 0) - delta;
    }
    column = next;
  } while ((rowOf[column] ?? 0) !== 0);
  return { end: column, path };
}
