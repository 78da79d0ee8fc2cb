import { readdirSync } from 'node:fs';
import { tickOf } from '../../domain/ticks';
import { usd } from '../support/bill';
import { matches, read, twins } from '../support/documents';
import { fixtureOf } from '../support/fixture';
import { hasPath, propertiesOfEnvironments } from '../support/properties';
import { resourcesOf, synthesized } from '../support/stage';

const { dependencies, devDependencies } = JSON.parse(read('package.json'));
const LIBRARY: string = dependencies['aws-cdk-lib'];
const CLI: string = devDependencies['aws-cdk'];
const minorOf = (version: string) => Number(version.split('.')[1]);

describe.each(twins('docs/upgrading.md'))('%s', (page) => {
  const text = read(page);

  test('names the pinned CLI, and takes newer versions as its examples', () => {
    expect(matches(text, /`aws-cdk`[,、] ?([\d.]+)[)）]/g)).toEqual([CLI]);
    const [cli = ''] = matches(text, /aws-cdk@([\d.]+)/g);
    expect(minorOf(cli)).toBeGreaterThan(minorOf(CLI));
    const [library = ''] = matches(text, /--save-exact aws-cdk-lib@([\d.]+)/g);
    expect(minorOf(library)).toBe(minorOf(LIBRARY) + 1);
    expect(matches(text, /^(?:Here, )?(\d[\d.]+)(?: stands| は、次の)/gm)).toEqual([library]);
  });

  test('has in its table of the lowest aws-cdk-lib only versions that were tried, next to each other', () => {
    const [list = ''] = matches(text, /2026-11-27(.*?)(?:, so |で調べ)/gs);
    const tried = matches(list, /(\d\.\d+\.\d+)/g);
    expect(tried.at(-1)).toBe(LIBRARY);
    const rows = Array.from(text.matchAll(/^\| (\d\.\d+\.\d+) \| (\d\.\d+\.\d+)?/gm), ([, passes, fails]) => ({
      passes,
      fails,
    }));
    expect(rows.length).toBeGreaterThan(3);
    expect(rows.map(({ fails }) => fails)).toEqual(rows.map(({ passes = '' }) => tried[tried.indexOf(passes) - 1]));
    expect(matches(text, /npm install aws-cdk-lib@([\d.]+)/g)).toEqual([
      tried.findLast((version) => rows.some(({ passes }) => passes === version)),
    ]);
  });

  test('names the runtime of the functions and the target of the bundles', () => {
    const constructs = readdirSync('lib/constructs').map((file) => read(`lib/constructs/${file}`));
    const runtimes = new Set(matches(constructs.join(), /\?\? lambda\.Runtime\.(\w+)/g));
    expect(new Set(matches(text, /`(NODEJS_\w+)`/g))).toEqual(runtimes);
    expect(matches(text, /`TARGET`[^`]*`(\w+)`/g)).toEqual(matches(read('lib/sources.ts'), /TARGET = '(\w+)'/g));
  });
});

test.each(twins('docs/troubleshooting.md'))('%s names the pinned CLI and the answers of the REST API', (page) => {
  expect(matches(read(page), /CLI ?[(（](\d\.[\d.]+)[)）]/g)).toEqual([CLI]);
  const answers = matches(
    JSON.stringify(resourcesOf(synthesized(fixtureOf('trial'))).map(([, , { Properties }]) => Properties)),
    /\{\\+"message\\+":\\+"([^"\\]+)/g,
  );
  const [, table = ''] = /^## [^\n]*403[^\n]*\n.*?((?:^\|[^\n]*\n)+)/ms.exec(read(page)) ?? [];
  const named = matches(table, /^\| `([^`]+)` \|/gm);
  expect(named).toHaveLength(3);
  const others = [...matches(read(page), /404 `([^`]+)`/g), ...matches(read(page), /^## 429 (.+)$/gm)];
  expect(others).toHaveLength(2);
  expect([...named, ...others].filter((answer) => !answers.includes(answer))).toEqual([]);
});

test('AGENTS.md names only properties that environments have, and the price of an alarm', () => {
  const properties = propertiesOfEnvironments();
  const text = read('AGENTS.md').replaceAll(/^```.*?^```$/gms, '');
  const dotted = matches(text, /`([a-z]\w*(?:\.[a-z]\w*)+)`/g).filter((name) => !/\.(ts|md|env|txt)$/.test(name));
  expect(dotted.length).toBeGreaterThan(2);
  const known = (path: string) => hasPath(properties, path) || hasPath(properties, `services.${path}`);
  expect(dotted.filter((path) => !known(path))).toEqual([]);
  const [fields = ''] = matches(text, /Add an entry to `services` in [^:]*:(.*?)\(/gs);
  expect(matches(fields, /`(\w+)`/g).length).toBeGreaterThan(5);
  expect(matches(fields, /`(\w+)`/g).filter((name) => !known(name))).toEqual([]);
  expect(matches(text, /its price \((\d\.\d+) for each metric\)/g)).toEqual([
    usd([1, 'standard alarm, metric and month']),
  ]);
});

test.each(twins('docs/websocket.md'))('%s shows a tick that the ticker would send', (page) => {
  const { everySeconds = 0 } = fixtureOf('trial').webSocketApi?.ticker ?? {};
  const [sample = '{}'] = matches(read(page), /(\{"type":"ticks".*\})/g);
  const { sequence, ticks } = JSON.parse(sample);
  expect(ticks).toEqual([tickOf('KUMI', sequence, everySeconds)]);
  expect(matches(read(page), /GET \/quotes\/KUMI\?at=(\d+)/g).map(Number)).toEqual([ticks[0].at]);
});
