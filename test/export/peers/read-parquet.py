"""Reads an exported Parquet file with pyarrow and with DuckDB and prints what both see, as JSON."""

import json
import sys

import duckdb
import pyarrow.parquet as parquet

path = sys.argv[1]
table = parquet.read_table(path)
query = "SELECT episode_id, input_ids, loss_mask, reward FROM read_parquet(?)"
rows = [list(row) for row in duckdb.execute(query, [path]).fetchall()]
columns = [table.column(name).to_pylist() for name in ("episode_id", "input_ids", "loss_mask", "reward")]
assert rows == [list(row) for row in zip(*columns)], "pyarrow and DuckDB disagree"
described = dict(row[:2] for row in duckdb.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall())
types = [str(table.schema.field(name).type) for name in ("input_ids", "logprobs")]
print(json.dumps({"types": types + [described["input_ids"], described["logprobs"]], "rows": rows}))
