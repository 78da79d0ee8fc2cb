import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withDigest } from '../../promote/environments-file';

const FILE = join(__dirname, '..', '..', '..', 'lib', 'environments.ts');
const DIGEST = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'b'.repeat(64)}`;
const edit = (text: string, digest = DIGEST, environment = 'production', service = 'history') =>
  withDigest(text, FILE, { environment, service, digest });
const file = (...services: string[]) =>
  [
    "const sandbox = { region: 'us-east-1', services: [{ name: 'history', image: { from: 'source' } }] };",
    'const production = {',
    '  services: [',
    ...services,
    '  ],',
    '};',
    'export const environments = { sandbox, production };',
    '',
  ].join('\n');
const history = "    { name: 'history', image: { from: 'digest' } },";

test('changes exactly one line of lib/environments.ts as it is, which keeps its format', () => {
  const before = readFileSync(FILE, 'utf8');
  const changed = edit(before);
  const [old, now] = [before.split('\n'), (changed?.text ?? '').split('\n')];
  expect(now.length).toBe(old.length);
  expect(old.flatMap((line, index) => (line === now[index] ? [] : [index + 1]))).toEqual([changed?.line]);
  expect(changed?.after.trim()).toBe(`image: { from: 'digest', digest: '${DIGEST}' },`);
  expect(changed?.after.length).toBeLessThanOrEqual(120);
});

test('replaces an earlier digest, and has nothing to do for the same one', () => {
  const first = edit(file(history))?.text ?? '';
  expect(edit(first, OTHER)?.after).toContain(OTHER);
  expect(edit(first, OTHER)?.text).not.toContain(DIGEST);
  expect(edit(first)).toBeUndefined();
});

test('finds the line of the service among those of other services and environments', () => {
  const text = file("    { name: 'reports', image: { from: 'digest' } },", history);
  expect(edit(text)?.line).toBe(5);
  expect(edit(text, DIGEST, 'production', 'reports')?.line).toBe(4);
});

test.each([
  [
    'the image is a variable',
    file("    { name: 'history', image },").replace(
      'const sandbox',
      "const image = { from: 'digest' };\nconst sandbox",
    ),
  ],
  ['the image spans lines', file("    { name: 'history', image: {", "      from: 'digest',", '    } },')],
  [
    'the line belongs to two environments',
    file(history).replace('{ sandbox, production }', '{ sandbox, production, staging: production }'),
  ],
  [
    'two services are on one line',
    file(`${history.replace(/,$/, '')}, { name: 'reports', image: { from: 'digest' } },`).replace(
      "{ name: 'history', image: { from: 'digest' } }, { name: 'reports'",
      "{ name: 'reports', image: { from: 'digest' } }, { name: 'history'",
    ),
  ],
  ['the image is built from source', file("    { name: 'history', image: { from: 'source' } },")],
])('fails where %s, and says what to write', (_, text) => {
  expect(() => edit(text)).toThrow(
    `lib/environments.ts: no single line gives the service history of production its image. Write this on a line of its own: image: { from: 'digest', digest: '${DIGEST}' },`,
  );
});

test('is not misled by a comment', () => {
  const text = file("    // { name: 'history', image: { from: 'digest' } },", history);
  expect(edit(text)?.line).toBe(5);
});
