import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folders } from '../kit/folders';

/**
 * Stores a run for the picture of `npm start`: the steps of its output, and the rows that it left in the state folder.
 *
 * @param output file with the output of `npm start -- --once`
 */
export function record(output: string): void {
  const printed = Array.from(
    readFileSync(output, 'utf8').matchAll(/^ {2}(\w+) +(?:(\S.*?) +)?(\d+\.\d) s$/gm),
    ([, name, result = '', seconds]) => ({ name, result, seconds: Number(seconds) }),
  );
  const steps = printed.slice(0, printed.findIndex(({ name }) => name === 'deployed') + 1);
  if (steps.length === 0) throw new Error(`${output}: has no steps up to "deployed"`);
  const { rows } = JSON.parse(readFileSync(join(folders.state, 'table.json'), 'utf8'));
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(join(__dirname, 'recording.json'), `${JSON.stringify({ date, steps, rows }, null, 2)}\n`);
}
