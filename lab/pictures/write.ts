import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fail } from '../../ops/kit/errors';
import { optionsOf } from '../../ops/kit/options';
import { root } from '../kit/folders';
import { folder, pictures } from './pictures';
import { record } from './record';

/** Writes all pictures, or stores a run of `npm start` for one of them. */
function main(): void {
  const { record: output } = optionsOf('Usage: npm run pictures [-- --record OUTPUT]', { record: { type: 'string' } });
  if (output !== undefined) {
    record(output);
    console.log('The run is recorded. npm run pictures draws it.');
    return;
  }
  mkdirSync(folder, { recursive: true });
  const all = pictures();
  for (const file of readdirSync(folder)) if (!all.has(file)) rmSync(join(folder, file));
  for (const [file, content] of all) writeFileSync(join(folder, file), content);
  console.log(`${all.size} pictures written to ${relative(root, folder)}`);
}

try {
  main();
} catch (error) {
  fail(error);
}
