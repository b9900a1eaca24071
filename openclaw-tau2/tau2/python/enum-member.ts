/** A `class X(str, Enum)`: members compare and hash like their value, but print as `X.NAME`. */
export class EnumType {
  readonly name: string;
  readonly members: readonly EnumMember[];
  readonly #byValue: ReadonlyMap<string, EnumMember>;

  constructor(name: string, members: Readonly<Record<string, string>>) {
    this.name = name;
    this.members = Object.entries(members).map(([member, value]) => new EnumMember(this, member, value));
    this.#byValue = new Map(this.members.map((member) => [member.value, member]));
  }

  /** The member with this value, or undefined. */
  find(value: string): EnumMember | undefined {
    return this.#byValue.get(value);
  }

  /** The member with this Python name, such as `ACTIVE`. Throws for an unknown name, which is a bug of the caller. */
  member(name: string): EnumMember {
    const found = this.members.find((member) => member.name === name);
    if (found === undefined) throw new Error(`enum ${this.name} has no member ${name}`);
    return found;
  }
}

export class EnumMember {
  readonly type: EnumType;
  readonly name: string;
  readonly value: string;

  constructor(type: EnumType, name: string, value: string) {
    this.type = type;
    this.name = name;
    this.value = value;
  }
}
