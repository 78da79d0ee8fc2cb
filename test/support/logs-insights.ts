/**
 * As much of the query language of CloudWatch Logs Insights as the saved queries use. A query of another form fails.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
 */
export interface Query {
  /** Fields of the log lines that the query names, without names that the query gives itself. */
  readonly fields: readonly string[];
  /** The fields of a line, with those that the query adds. Undefined if a filter rejects the line. */
  read(line: Line): Values | undefined;
}

/** A log line: nested as it is printed, or flat. */
export type Line = Readonly<Record<string, unknown>>;
type Value = string | number | boolean | undefined;
type Values = Readonly<Record<string, Value>>;
type Expression = (values: Values) => Value;

/** The fields of a line as Logs Insights discovers them: `error.message`, `resources.0`. */
export function flat(line: Line): Values {
  return Object.fromEntries(
    Object.entries(line).flatMap(([key, value]): [string, Value][] => {
      if (typeof value === 'object' && value !== null) {
        return Object.entries(flat({ ...value })).map(([inner, leaf]): [string, Value] => [`${key}.${inner}`, leaf]);
      }
      return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? [[key, value]] : [];
    }),
  );
}

/** @throws unless the query has the grammar of this file */
export function parseQuery(text: string): Query {
  const fields = new Set<string>();
  const given = new Set<string>();
  const steps: ((values: Values) => Values | undefined)[] = [];
  for (const [command, body] of commandsOf(text)) {
    const tokens = new Tokens(body, (name) => {
      if (!name.startsWith('@') && !given.has(name)) fields.add(name);
    });
    switch (command) {
      case 'fields':
        for (const { expression, name } of tokens.list()) {
          if (name === undefined) continue;
          steps.push((values) => ({ ...values, [name]: expression(values) }));
          given.add(name);
        }
        break;
      case 'parse': {
        const field = tokens.field();
        const pattern = tokens.regex();
        for (const [, name = ''] of pattern.source.matchAll(/\(\?<(\w+)>/g)) given.add(name);
        steps.push((values) => ({ ...values, ...pattern.exec(String(values[field] ?? ''))?.groups }));
        break;
      }
      case 'filter': {
        const condition = tokens.condition();
        steps.push((values) => (condition(values) === true ? values : undefined));
        break;
      }
      case 'stats':
        for (const { name } of tokens.list(true)) if (name !== undefined) given.add(name);
        break;
      case 'sort':
        tokens.order();
        break;
      case 'limit':
        tokens.number();
        break;
      default:
        throw new Error(`"${command}" is no command that this file knows`);
    }
    tokens.end();
  }
  return {
    fields: [...fields],
    read: (line) => steps.reduce<Values | undefined>((values, step) => values && step(values), flat(line)),
  };
}

/** The commands with their texts. A pipe inside of a text or a regular expression separates nothing. */
function commandsOf(text: string): [string, string][] {
  return [...text.matchAll(/(?:"[^"]*"|\/(?:\\.|[^/\\])*\/|[^|])+/g)].map(([part]): [string, string] => {
    const [, command = '', body = ''] = part.match(/^\s*(\w+)\s+([\s\S]*?)\s*$/) ?? [];
    return [command, body];
  });
}

const TOKEN =
  /\s*(?:(?<text>"[^"]*")|(?<regex>\/(?:\\.|[^/\\])*\/)|(?<quoted>`[^`]+`)|(?<number>\d+(?:\.\d+)?(?!\w))|(?<word>[@\w.]+)|(?<sign>!=|>=|<=|[=<>(),[\]*]))/y;
const FUNCTIONS = ['coalesce', 'concat', 'ispresent', 'count', 'max', 'latest', 'pct', 'sum', 'bin'];

class Tokens {
  private readonly tokens: { readonly kind: string; readonly text: string }[] = [];
  private next = 0;

  constructor(
    private readonly body: string,
    private readonly read: (field: string) => void,
  ) {
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < body.length) {
      const at = TOKEN.lastIndex;
      const groups = Object.entries(TOKEN.exec(body)?.groups ?? {}).find(([, text]) => text !== undefined);
      if (groups === undefined) throw new Error(`not understood at "${body.slice(at)}"`);
      this.tokens.push({ kind: groups[0], text: groups[1] });
    }
  }

  end(): void {
    if (this.next < this.tokens.length) throw this.error('the end');
  }

  /** Expressions that are separated by commas, each with the name that `as` gives it. */
  list(grouped = false): { readonly expression: Expression; readonly name?: string }[] {
    const items = [];
    do {
      const expression = this.value();
      const name = this.take('word', 'as') && this.expect('word');
      items.push({ expression, ...(name !== undefined && { name }) });
      if (grouped && this.take('word', 'by')) grouped = false;
      else if (!this.take('sign', ',')) return items;
    } while (this.next < this.tokens.length);
    throw this.error('a field');
  }

  order(): void {
    do {
      this.value();
      if (!this.take('word', 'asc')) this.take('word', 'desc');
    } while (this.take('sign', ','));
  }

  field(): string {
    const field = this.take('quoted')?.slice(1, -1) ?? this.expect('word');
    this.read(field);
    return field;
  }

  number(): number {
    return Number(this.expect('number'));
  }

  regex(): RegExp {
    return new RegExp(this.expect('regex').slice(1, -1));
  }

  condition(): Expression {
    let left = this.conjunction();
    while (this.take('word', 'or')) {
      const [first, second] = [left, this.conjunction()];
      left = (values) => first(values) === true || second(values) === true;
    }
    return left;
  }

  private conjunction(): Expression {
    let left = this.comparison();
    while (this.take('word', 'and')) {
      const [first, second] = [left, this.comparison()];
      left = (values) => first(values) === true && second(values) === true;
    }
    return left;
  }

  private comparison(): Expression {
    if (this.take('sign', '(')) {
      const inner = this.condition();
      this.expect('sign', ')');
      return inner;
    }
    const left = this.value();
    if (this.take('word', 'like')) {
      const pattern = this.regex();
      return (values) => pattern.test(String(left(values) ?? ''));
    }
    if (this.take('word', 'in')) {
      this.expect('sign', '[');
      const options = this.list().map(({ expression }) => expression({}));
      this.expect('sign', ']');
      return (values) => options.includes(left(values));
    }
    const sign = this.take('sign');
    // A function such as ispresent().
    if (sign === undefined || sign === ')') {
      if (sign === ')') this.next--;
      return left;
    }
    const right = this.value();
    return (values) => compare(left(values), sign, right(values));
  }

  private value(): Expression {
    const text = this.take('text');
    if (text !== undefined) return () => text.slice(1, -1);
    const number = this.take('number');
    if (number !== undefined) return () => Number(number);
    const word = this.tokens[this.next];
    if (word?.kind === 'word' && this.tokens[this.next + 1]?.text === '(') return this.call();
    const field = this.field();
    return (values) => values[field];
  }

  private call(): Expression {
    const name = this.expect('word');
    if (!FUNCTIONS.includes(name)) throw new Error(`"${name}" is no function that this file knows`);
    this.expect('sign', '(');
    if (name === 'bin') this.expect('word');
    const list = name === 'bin' || this.take('sign', '*') ? [] : this.list();
    const inputs = list.map(({ expression }) => expression);
    this.expect('sign', ')');
    switch (name) {
      case 'coalesce':
        return (values) => inputs.map((input) => input(values)).find((value) => value !== undefined);
      case 'concat':
        return (values) => inputs.map((input) => input(values)).join('');
      case 'ispresent':
        return (values) => inputs.every((input) => input(values) !== undefined);
      default:
        return () => undefined;
    }
  }

  private take(kind: string, text?: string): string | undefined {
    const token = this.tokens[this.next];
    if (token?.kind !== kind || (text !== undefined && token.text !== text)) return undefined;
    this.next++;
    return token.text;
  }

  private expect(kind: string, text?: string): string {
    const taken = this.take(kind, text);
    if (taken === undefined) throw this.error(text ?? `a ${kind}`);
    return taken;
  }

  private error(expected: string): Error {
    return new Error(`expected ${expected} before "${this.tokens[this.next]?.text ?? 'the end'}" in "${this.body}"`);
  }
}

/** AWS documents neither a comparison with a missing field, nor an order of a text and a number. A query must not need them. */
function compare(left: Value, sign: string, right: Value): boolean {
  if (sign === '=') return left === right;
  if (left === undefined && sign === '!=') throw new Error(`a missing field is compared by ${sign}`);
  if (sign === '!=') return left !== right;
  if (left === undefined) return false;
  if (typeof left !== 'number' || typeof right !== 'number')
    throw new Error(`the text "${left}" is compared by ${sign}`);
  return sign === '>=' ? left >= right : sign === '<=' ? left <= right : sign === '>' ? left > right : left < right;
}
