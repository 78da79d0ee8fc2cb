/** A value of a template with its path, read as an expected type. @throws with the path of a missing or wrong value */
export class Value {
  constructor(
    private readonly value: unknown,
    /** Path of the value, such as `Deployment.spec.replicas`. */
    readonly path: string,
  ) {}

  at(property: string): Value {
    return new Value(this.fields()[property], `${this.path}.${property}`);
  }

  /** undefined if the value is missing. */
  optional(): Value | undefined {
    return this.value === undefined ? undefined : this;
  }

  /** The value as the template contains it. */
  raw(): unknown {
    return this.value;
  }

  fields(): Fields {
    return isFields(this.value) ? this.value : this.isNot('an object');
  }

  list(): Value[] {
    if (!Array.isArray(this.value)) return this.isNot('a list');
    return this.value.map((item: unknown, index) => new Value(item, `${this.path}[${index}]`));
  }

  text(): string {
    return typeof this.value === 'string' ? this.value : this.isNot('a text');
  }

  number(): number {
    return typeof this.value === 'number' ? this.value : this.isNot('a number');
  }

  /** A number, or a text such as `250m`. */
  quantity(): string | number {
    return typeof this.value === 'number' ? this.value : this.text();
  }

  private isNot(type: string): never {
    if (this.value === undefined) throw new Error(`${this.path} is missing.`);
    throw new Error(`${this.path} must be ${type}, but is ${JSON.stringify(this.value)}.`);
  }
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
