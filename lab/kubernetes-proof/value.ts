/** A value of a template with where it is, read as what it must be. @throws naming what is missing or of another type */
export class Value {
  constructor(
    private readonly value: unknown,
    /** Where it is, as in `Deployment.spec.replicas`. */
    readonly path: string,
  ) {}

  at(property: string): Value {
    return new Value(this.fields()[property], `${this.path}.${property}`);
  }

  /** undefined if it is not there. */
  optional(): Value | undefined {
    return this.value === undefined ? undefined : this;
  }

  /** As it is in the template. */
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

  /** As `250m`, or a number. */
  quantity(): string | number {
    return typeof this.value === 'number' ? this.value : this.text();
  }

  private isNot(what: string): never {
    if (this.value === undefined) throw new Error(`${this.path} is missing.`);
    throw new Error(`${this.path} must be ${what}, it is ${JSON.stringify(this.value)}.`);
  }
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
