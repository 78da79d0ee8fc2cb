import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** The floors of the house from the ground up. A room may import itself and the rooms of the floors below its own. */
const FLOORS: readonly (readonly string[])[] = [
  ['domain'],
  ['lib', 'lambda', 'container'],
  ['bin', 'examples', 'ops'],
  ['lab/kit'],
  ['lab/dashboard', 'lab/tour', 'lab/kubernetes-load', 'lab/kubernetes-proof', 'lab/leave'],
  ['lab/local'],
  ['lab/bench', 'lab/pictures'],
];
const root = join(__dirname, '..', '..');

const files = [...new Set(FLOORS.flat().map((room) => room.split('/')[0] ?? room))].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|cjs)$/.test(file) && !/(^|\/)(test|cdk\.out)\//.test(file))
    .map((file) => join(folder, file)),
);
const imports = new Map(files.map((file) => [file, importsOf(file)]));

/** Files of the repository that a file imports, types included. */
function importsOf(file: string): string[] {
  const forms = /\b(?:from|import|require)\s*\(?\s*['"](\.[^'"]*)['"]/g;
  const folder = dirname(join(root, file));
  return [...readFileSync(join(root, file), 'utf8').matchAll(forms)]
    .map(([, path = '']) => relative(root, resolve(folder, path)))
    .flatMap((path) => [path, `${path}.ts`, `${path}/index.ts`].find((each) => files.includes(each)) ?? []);
}

function roomOf(file: string): string {
  const room = FLOORS.flat().find((name) => file.startsWith(`${name}/`));
  if (room === undefined) throw new Error(`${file} is in no room of FLOORS. Add its folder there.`);
  return room;
}

function floorOf(room: string): number {
  return FLOORS.findIndex((floor) => floor.includes(room));
}

/** The first circle that begins at a file, as a path that ends where it began. */
function circleFrom(start: string): string[] | undefined {
  const seen = new Set<string>();
  const search = (path: readonly string[]): string[] | undefined => {
    for (const next of imports.get(path.at(-1) ?? '') ?? []) {
      if (next === start) return [...path, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = search([...path, next]);
      if (found) return found;
    }
    return undefined;
  };
  return search([start]);
}

test('reads the imports of all rooms', () => {
  expect([...new Set(files.map(roomOf))].sort()).toEqual([...FLOORS.flat()].sort());
  expect(imports.get('lab/tour/verify.ts')).toContain('lab/tour/target.ts');
});

test('a room imports only rooms below it', () => {
  const arrows = [...imports].flatMap(([file, targets]) => targets.map((target) => [file, target] as const));
  const wrong = arrows.filter(([file, target]) => {
    const [from, to] = [roomOf(file), roomOf(target)];
    return from !== to && floorOf(to) >= floorOf(from);
  });
  expect(wrong.map((arrow) => arrow.join(' -> '))).toEqual([]);
});

test('no files import each other in a circle', () => {
  expect(files.flatMap((file) => circleFrom(file)?.join(' -> ') ?? [])).toEqual([]);
});
