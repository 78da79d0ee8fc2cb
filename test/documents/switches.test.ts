import { matches, read } from '../support/documents';
import { hasPath, leavesOf, propertiesOfEnvironments } from '../support/properties';

const PAGES = ['docs/switches.md', 'docs/switches.ja.md'];

/** Properties that nobody writes: the key of the environment in lib/environments.ts is its id. */
const INTERNAL = ['id'];

const properties = propertiesOfEnvironments();
const keys = matches(read('lib/context.ts').match(/CONTEXT_KEYS.*?\];/s)?.[0] ?? '', /'(\w+)'/g);

interface Row {
  /** Dotted paths of the properties that the row is about. */
  readonly paths: readonly string[];
  /** All that the row has in code. */
  readonly code: string;
}

/** The page without the parts that have no switch. */
const switchesOf = (page: string) => read(page).split(/^## (?:What has no switch|スイッチのないもの)$/m)[0] ?? '';

/** Rows of the tables of switches. A row without a property continues the row before it. */
function rowsOf(page: string): Row[] {
  const rows: { paths: string[]; code: string }[] = [];
  for (const line of matches(switchesOf(page), /^\| ((?:`| ?\|).*) \|$/gm)) {
    const code = matches(line, /`([^`]+)`/g).join(' ');
    const [first = ''] = line.split('|');
    const previous = rows.at(-1);
    if (first.trim() !== '' || previous === undefined) rows.push({ paths: matches(first, /`([\w.]+)`/g), code });
    else previous.code += ` ${code}`;
  }
  return rows;
}

/** Whether a row is about a property: it names the path, or a part of the path before the others, and the others in code. */
function tells(row: Row, property: string): boolean {
  return row.paths.some((path) => {
    if (property !== path && !property.startsWith(`${path}.`)) return false;
    const words = property.slice(path.length).split('.').filter(Boolean);
    return words.every((word) => new RegExp(`\\b${word}\\b`).test(row.code));
  });
}

test('the properties of an environment are read from the types', () => {
  expect(leavesOf(properties)).toEqual(
    expect.arrayContaining([
      'network.create.egress.gateways',
      'kubernetes.nodes.spot',
      'function.provisionedConcurrency.schedules.cron',
    ]),
  );
  expect(leavesOf(properties).length).toBeGreaterThan(90);
});

describe.each(PAGES)('%s', (page) => {
  test('names every property of an environment that is not internal', () => {
    const rows = rowsOf(page);
    const missing = leavesOf(properties).filter((property) => !rows.some((row) => tells(row, property)));
    expect(missing).toEqual(INTERNAL);
  });

  test('names only properties that exist', () => {
    const named = rowsOf(page).flatMap(({ paths }) => paths);
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((path) => !hasPath(properties, path))).toEqual([]);
  });

  test('names every option of -c, and only options that exist', () => {
    const named = matches(matches(switchesOf(page), /^\| (.*?) \|/gm).join('\n'), /`-c (\w+)=/g);
    expect([...new Set(named)].toSorted()).toEqual(keys.toSorted());
  });
});
