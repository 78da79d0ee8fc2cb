import { readFileSync } from 'node:fs';
import { start } from '../../kit/start';

const { exitCode } = process;
beforeEach(() => {
  jest.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`exit ${code ?? process.exitCode}`);
  });
});
afterEach(() => {
  process.exitCode = exitCode;
  jest.restoreAllMocks();
});

test.each([0, 1])('a command that returns %i has this exit code', async (code) => {
  await start(async () => code);
  expect(process.exitCode).toBe(code);
});

test('a command that the person interrupted waits for no request', async () => {
  await expect(start(async () => 130)).rejects.toThrow('exit 130');
});

test('a command that fails prints one line, and ends with 1', async () => {
  const printed: string[] = [];
  jest.spyOn(console, 'error').mockImplementation((line: string) => void printed.push(line));
  const failure = new Error('no account');
  await expect(start(() => Promise.reject(failure))).rejects.toThrow('exit 1');
  expect(printed).toEqual(['no account']);
});

const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync('package.json', 'utf8'));
const entries = Object.values(scripts).flatMap((script) => script.match(/\bops\/\S+\.ts$/) ?? []);

test('every command of ops is started by npm', () => {
  expect(entries.toSorted()).toEqual(
    ['deploy', 'destroy', 'preflight', 'promote', 'sweep'].map((name) => `ops/${name}/${name}.ts`),
  );
});

test.each(entries)('%s ends with the exit code that its main returns', (file) => {
  expect(readFileSync(file, 'utf8')).toMatch(/\nif \(require\.main === module\) void start\(main\);\n$/);
});
