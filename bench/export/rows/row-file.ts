import { join } from "node:path";
import { fileWriter, ParquetWriter } from "hyparquet-writer";
import { csvLine } from "../../report/formats/csv.ts";
import { storing } from "../../store/storage-error.ts";
import { WholeFileWriter } from "../line-writer.ts";
import { plainValue, type CellValue, type ColumnType, type RowColumn } from "./row-column.ts";

/** Rows held before they are written as a row group. */
const groupRowsMax = 20_000;

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]["schema"][number];
const physical: Readonly<Record<ColumnType, Pick<SchemaElement, "type" | "converted_type">>> = {
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  int: { type: "INT64" },
  double: { type: "DOUBLE" },
  boolean: { type: "BOOLEAN" },
  time: { type: "INT64", converted_type: "TIMESTAMP_MICROS" },
};

/** The same rows as `<name>.csv` and `<name>.parquet`, written as they come. */
export class RowFile<Row> {
  readonly names: readonly string[];
  rows = 0;
  readonly #columns: readonly RowColumn<Row>[];
  readonly #csv: WholeFileWriter;
  readonly #parquet: ParquetWriter;
  readonly #parquetPath: string;
  #group: CellValue[][];

  private constructor(
    columns: readonly RowColumn<Row>[],
    files: { readonly csv: string; readonly parquet: string; readonly writer: ParquetWriter },
  ) {
    this.#columns = columns;
    this.#csv = new WholeFileWriter(files.csv);
    this.#parquet = files.writer;
    this.#parquetPath = files.parquet;
    this.#group = columns.map(() => []);
    this.names = [files.csv, files.parquet].map((path) => path.slice(path.lastIndexOf("/") + 1));
  }

  /** Throws StorageError, as everything here. */
  static async open<Row>(
    directory: string,
    name: string,
    columns: readonly RowColumn<Row>[],
  ): Promise<RowFile<Row>> {
    const [csv, parquet] = [join(directory, `${name}.csv`), join(directory, `${name}.parquet`)];
    const schema: SchemaElement[] = [
      { name: "root", num_children: columns.length },
      ...columns.map(({ name, type }) => ({
        name,
        ...physical[type],
        repetition_type: "OPTIONAL" as const,
      })),
    ];
    const writer = await storing(
      parquet,
      "Cannot write",
      async () => new ParquetWriter({ writer: fileWriter(parquet), schema, createdBy: "tollgate" }),
    );
    const file = new RowFile(columns, { csv, parquet, writer });
    await file.#csv.write(csvLine(columns.map(({ name }) => name)));
    return file;
  }

  async add(row: Row): Promise<void> {
    this.rows += 1;
    const values = this.#columns.map((column) => column.of(row));
    for (const [at, value] of values.entries()) this.#group[at]?.push(value);
    const plain = this.#columns.map((column, at) => plainValue(column, values[at] ?? null));
    await this.#csv.write(csvLine(plain));
    if ((this.#group[0]?.length ?? 0) >= groupRowsMax) await this.#flush();
  }

  /** Finishes both files and names them. */
  async close(): Promise<readonly string[]> {
    await this.#csv.close();
    await this.#flush();
    await storing(this.#parquetPath, "Cannot write", async () => this.#parquet.finish());
    return this.names;
  }

  async #flush(): Promise<void> {
    const rows = this.#group[0]?.length ?? 0;
    if (rows === 0) return;
    const columnData = this.#columns.map(({ name, type }, at) => {
      const values = this.#group[at] ?? [];
      return { name, data: type === "int" || type === "time" ? values.map(bigOf) : values };
    });
    this.#group = this.#columns.map(() => []);
    await storing(this.#parquetPath, "Cannot write", async () =>
      this.#parquet.write({ columnData, rowGroupSize: rows }),
    );
  }
}

function bigOf(value: CellValue): bigint | null {
  return typeof value === "number" ? BigInt(Math.round(value)) : null;
}
