/** A reader of the protobuf wire format that knows no message: fields by number, in order. An oracle for our writer. */
export interface WireField {
  readonly field: number;
  readonly value: bigint | Buffer;
}

export function wireFields(bytes: Buffer): readonly WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  const varint = () => {
    let [value, shift] = [0n, 0n];
    for (;;) {
      const byte = bytes.readUInt8(at);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const [field, type] = [tag >> 3, tag & 7];
    if (type === 0) fields.push({ field, value: varint() });
    else if (type === 1) {
      fields.push({ field, value: bytes.subarray(at, at + 8) });
      at += 8;
    } else if (type === 2) {
      const length = Number(varint());
      if (at + length > bytes.length) throw new RangeError("a field reaches over the end");
      fields.push({ field, value: bytes.subarray(at, at + length) });
      at += length;
    } else throw new RangeError(`wire type ${type} is not used here`);
  }
  return fields;
}

const all = (fields: readonly WireField[], field: number) =>
  fields.filter((one) => one.field === field).map(({ value }) => value as Buffer);
const only = (fields: readonly WireField[], field: number) =>
  fields.find((one) => one.field === field)?.value;
const text = (value: bigint | Buffer | undefined) => (value as Buffer).toString("utf8");
const fixed = (value: bigint | Buffer | undefined) => String((value as Buffer).readBigUInt64LE());

function anyValue(bytes: Buffer): object {
  const [{ field, value } = { field: 0, value: 0n }] = wireFields(bytes);
  if (field === 1) return { stringValue: text(value) };
  if (field === 2) return { boolValue: value === 1n };
  if (field === 3) return { intValue: String(BigInt.asIntN(64, value as bigint)) };
  if (field === 4) return { doubleValue: (value as Buffer).readDoubleLE() };
  return { arrayValue: { values: all(wireFields(value as Buffer), 1).map(anyValue) } };
}

const keyValues = (entries: readonly Buffer[]) =>
  entries.map((entry) => {
    const fields = wireFields(entry);
    return { key: text(only(fields, 1)), value: anyValue(only(fields, 2) as Buffer) };
  });

function spanOf(bytes: Buffer): object {
  const fields = wireFields(bytes);
  const hex = (field: number) => (only(fields, field) as Buffer).toString("hex");
  const status = only(fields, 15) as Buffer | undefined;
  return {
    traceId: hex(1),
    spanId: hex(2),
    ...(only(fields, 4) === undefined ? {} : { parentSpanId: hex(4) }),
    name: text(only(fields, 5)),
    kind: Number(only(fields, 6)),
    startTimeUnixNano: fixed(only(fields, 7)),
    endTimeUnixNano: fixed(only(fields, 8)),
    attributes: keyValues(all(fields, 9)),
    events: all(fields, 11).map((event) => ({
      timeUnixNano: fixed(only(wireFields(event), 1)),
      name: text(only(wireFields(event), 2)),
    })),
    status:
      status === undefined
        ? {}
        : { code: Number(only(wireFields(status), 3)), message: text(only(wireFields(status), 2)) },
  };
}

/** An `ExportTraceServiceRequest` in the shape of the protocol's JSON form. */
export function readTraceRequest(bytes: Buffer): object {
  return {
    resourceSpans: all(wireFields(bytes), 1).map((resourceSpans) => {
      const fields = wireFields(resourceSpans);
      return {
        resource: { attributes: keyValues(all(wireFields(only(fields, 1) as Buffer), 1)) },
        scopeSpans: all(fields, 2).map((scopeSpans) => {
          const inside = wireFields(scopeSpans);
          const scope = wireFields(only(inside, 1) as Buffer);
          return {
            scope: { name: text(only(scope, 1)), version: text(only(scope, 2)) },
            spans: all(inside, 2).map(spanOf),
          };
        }),
      };
    }),
  };
}
