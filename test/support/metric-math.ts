/** Value of a metric in one period; undefined where the metric is missing. */
export type Point = number | undefined;
export type Series = readonly Point[];

/** Several series, such as `[m1, m2]` or `METRICS()`. */
class Group {
  constructor(readonly members: readonly Series[]) {}
}
type Value = number | Series | Group;

const bool = (value: boolean) => (value ? 1 : 0);
/** Binary operators from the loosest to the tightest. */
const OPERATORS: readonly Readonly<Record<string, (a: number, b: number) => number>>[] = [
  { OR: (a, b) => bool(a !== 0 || b !== 0), '||': (a, b) => bool(a !== 0 || b !== 0) },
  { AND: (a, b) => bool(a !== 0 && b !== 0), '&&': (a, b) => bool(a !== 0 && b !== 0) },
  {
    '==': (a, b) => bool(a === b),
    '!=': (a, b) => bool(a !== b),
    '<=': (a, b) => bool(a <= b),
    '>=': (a, b) => bool(a >= b),
    '<': (a, b) => bool(a < b),
    '>': (a, b) => bool(a > b),
  },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  { '*': (a, b) => a * b, '/': (a, b) => a / b },
];
const TOKEN = /\s*(\d+(?:\.\d+)?|[A-Za-z]\w*|"[^"]*"|'[^']*'|&&|\|\||[<>=!]=|[-+*/<>()[\],])/y;

const CACHE = new Map<string, readonly string[]>();

function tokensOf(text: string): readonly string[] {
  const known = CACHE.get(text);
  if (known !== undefined) return known;
  const tokens: string[] = [];
  const token = new RegExp(TOKEN);
  while (text.slice(token.lastIndex).trim() !== '') {
    const rest = text.slice(token.lastIndex).trim();
    const [, found] = token.exec(text) ?? [];
    if (found === undefined) throw new Error(`The expression ${JSON.stringify(text)} does not expect "${rest}".`);
    tokens.push(found);
  }
  CACHE.set(text, tokens);
  return tokens;
}

/**
 * A math expression of CloudWatch over the metrics of one evaluation range. What it does not know is an error.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 */
export class Expression {
  private readonly tokens: string[];

  constructor(
    private readonly text: string,
    private readonly metrics: ReadonlyMap<string, Series>,
    private readonly fillsEmpty: boolean,
  ) {
    this.tokens = [...tokensOf(text)];
  }

  /** "The final result of any math expression must be a single time series or an array of time series"; for an alarm, one. */
  series(): Series {
    const value = this.binary(0);
    if (this.tokens.length > 0) this.fail(`does not expect "${this.tokens.join(' ')}"`);
    return seriesOf(value) ?? this.fail('has to result in one time series');
  }

  private fail(what: string): never {
    throw new Error(`The expression ${JSON.stringify(this.text)} ${what}.`);
  }

  private take(token: string): void {
    const next = this.tokens.shift();
    if (next !== token) this.fail(`needs "${token}", got "${next ?? 'its end'}"`);
  }

  private binary(level: number): Value {
    const operators = OPERATORS[level];
    if (operators === undefined) return this.unary();
    let value = this.binary(level + 1);
    for (let next = operators[this.tokens[0] ?? '']; next !== undefined; next = operators[this.tokens[0] ?? '']) {
      this.tokens.shift();
      value = this.both(next, value, this.binary(level + 1));
    }
    return value;
  }

  private unary(): Value {
    if (this.tokens[0] !== '-') return this.primary();
    this.tokens.shift();
    return this.both((a, b) => a - b, 0, this.unary());
  }

  private primary(): Value {
    const token = this.tokens.shift() ?? this.fail('ends too early');
    if (/^\d/.test(token)) return Number(token);
    if (token === '[')
      return new Group(this.list(']').map((value) => seriesOf(value) ?? this.fail('groups time series')));
    if (token === '(') {
      const value = this.binary(0);
      this.take(')');
      return value;
    }
    if (this.tokens[0] === '(') {
      this.tokens.shift();
      return this.call(token);
    }
    return this.metrics.get(token) ?? this.fail(`names ${token}, which is no metric of the alarm`);
  }

  private list(end: string): Value[] {
    const values: Value[] = [];
    while (this.tokens[0] !== end) {
      if (values.length > 0) this.take(',');
      values.push(this.binary(0));
    }
    this.take(end);
    return values;
  }

  private call(name: string): Value {
    if (name === 'METRICS') {
      const part = this.tokens[0] === ')' ? '' : (this.tokens.shift() ?? '').slice(1, -1);
      this.take(')');
      return new Group([...this.metrics].flatMap(([id, series]) => (id.includes(part) ? [series] : [])));
    }
    if (name === 'FILL') {
      const value = this.binary(0);
      this.take(',');
      const repeat = this.tokens[0] === 'REPEAT';
      const filler = repeat ? this.tokens.shift() : this.binary(0);
      this.take(')');
      return typeof filler === 'string' || filler === undefined ? repeated(value) : this.fill(value, filler);
    }
    const args = this.list(')');
    const [first = 0, second, third] = args;
    if (name === 'IF' && args.length >= 2 && args.length <= 3 && second !== undefined)
      return this.if(first, second, third);
    const combine = COMBINATIONS[name] ?? this.fail(`calls ${name}, which is not modelled`);
    if (!(first instanceof Group) || args.length > 1)
      this.fail(`calls ${name} of one time series, which AWS advises against in alarms; give ${name}([…])`);
    return combined(first.members, combine);
  }

  private fill(value: Value, filler: Value): Value {
    if (value instanceof Group)
      return new Group(value.members.map((member) => seriesOf(this.fill(member, filler)) ?? []));
    if (typeof value === 'number' || filler instanceof Group) return this.fail('fills what is no time series');
    if (!this.fillsEmpty && value.every((point) => point === undefined)) return value;
    return value.map((point, index) => point ?? at(filler, index));
  }

  /** "Has the value of 0, if metric1 is TRUE and metric2 does not exist; is dropped, if metric1 is FALSE and metric3 does not exist." */
  private if(condition: Value, yes: Value, no: Value | undefined): Value {
    if (condition instanceof Group || yes instanceof Group || no instanceof Group)
      return this.fail('has IF of a group');
    if (typeof condition === 'number') return (condition !== 0 ? yes : no) ?? this.fail('has no value for FALSE');
    return condition.map((point, index) => {
      if (point === undefined) return undefined;
      if (point !== 0) return at(yes, index) ?? 0;
      return no === undefined ? undefined : at(no, index);
    });
  }

  /**
   * "Missing values in a time series are treated as 0. If the value of a data point causes a function to attempt to divide by
   * zero, the data point is dropped." Where no operand has a point, there is none.
   */
  private both(operator: (a: number, b: number) => number, a: Value, b: Value): Value {
    if (a instanceof Group || b instanceof Group) return this.fail('computes with a group, which is not modelled');
    if (typeof a === 'number' && typeof b === 'number') return operator(a, b);
    const operands = [a, b].flatMap((value) => (typeof value === 'number' ? [] : [value]));
    return (operands[0] ?? []).map((_, index) => {
      if (operands.every((points) => points[index] === undefined)) return undefined;
      const result = operator(at(a, index) ?? 0, at(b, index) ?? 0);
      return Number.isFinite(result) ? result : undefined;
    });
  }
}

const at = (value: number | Series, index: number): Point => (typeof value === 'number' ? value : value[index]);
const seriesOf = (value: Value): Series | undefined =>
  typeof value === 'number' || value instanceof Group ? undefined : value;

/** FILL(m, REPEAT): the most recent value before the missing one. */
function repeated(value: Value): Value {
  if (typeof value === 'number') return value;
  if (value instanceof Group) return new Group(value.members.map((member) => seriesOf(repeated(member)) ?? []));
  return value.map((_, index) => value.slice(0, index + 1).findLast((point) => point !== undefined));
}

/** Functions of an array of time series, by their points of one time. */
const COMBINATIONS: Readonly<Record<string, (points: readonly number[], members: number) => number>> = {
  MAX: (points) => Math.max(...points),
  MIN: (points) => Math.min(...points),
  SUM: (points) => points.reduce((sum, point) => sum + point, 0),
  // "Missing values are treated as 0."
  AVG: (points, members) => points.reduce((sum, point) => sum + point, 0) / members,
};

function combined(members: readonly Series[], combine: (points: readonly number[], members: number) => number): Series {
  return (members[0] ?? []).map((_, index) => {
    const points = members.flatMap((member) => member[index] ?? []);
    return points.length === 0 ? undefined : combine(points, members.length);
  });
}
