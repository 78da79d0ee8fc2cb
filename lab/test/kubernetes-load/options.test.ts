import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { checkFiles, loadOptions } from '../../kubernetes-load/options';

test('follows the workload of this repository, and names its files by the time', () => {
  expect(loadOptions({ minutes: '5' }, new Date('2026-11-25T10:20:30Z'))).toMatchObject({
    minutes: 5,
    namespace: 'history',
    app: 'history',
    confirmed: false,
    json: 'kubernetes-load-2026-11-25T10-20-30.json',
    svg: 'kubernetes-load-2026-11-25T10-20-30.svg',
  });
});

test('needs no confirmation of a cluster that a script has named', () => {
  expect(loadOptions({ minutes: '5', context: 'kumiki' })).toMatchObject({ confirmed: true, context: 'kumiki' });
  expect(loadOptions({ minutes: '5', yes: true })).toMatchObject({ confirmed: true });
});

test.each([
  [{}, '--minutes is missing. Write --minutes 10, for example.'],
  [{ minutes: 'ten' }, '--minutes: must be a number from 0.1 to 120, got "ten".'],
  [{ minutes: '0' }, '--minutes: must be a number from 0.1 to 120, got "0".'],
  [{ minutes: '5', workers: '2.5' }, '--workers: must be a whole number, got "2.5".'],
  [{ minutes: '5', app: 'History' }, '--app: must be a Kubernetes name'],
  [{ minutes: '5', namespace: '' }, '--namespace: must be a Kubernetes name'],
  [{ minutes: '5', context: '' }, '--context: must name a context'],
  [{ minutes: '5', url: 'https://history' }, '--url: must be an http address without a path'],
  [{ minutes: '5', path: 'history' }, '--path: must start with /'],
  [{ minutes: '5', out: 'plot.svg' }, '--out: must end with .json, got "plot.svg".'],
  [{ minutes: '5', out: `${os.tmpdir()}/not/there.json` }, 'does not exist. Create it first.'],
])('refuses %j', (values, message) => {
  expect(() => loadOptions(values)).toThrow(message);
});

test('finds before the load that a file cannot be written, and leaves none behind', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'out-'));
  const [json, svg] = [path.join(folder, 'a.json'), path.join(folder, 'a.svg')];
  checkFiles({ json, svg });
  expect([json, svg].filter(existsSync)).toEqual([]);
  mkdirSync(svg);
  expect(() => checkFiles({ json, svg })).toThrow(
    /^--out: ".*a\.svg" cannot be written \(.*EISDIR.* Name another file/,
  );
});
