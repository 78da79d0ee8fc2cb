import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { optionsOf } from '../../ops/kit/options';
import { root } from '../kit/folders';
import { folder, pictures } from './pictures';

optionsOf('Usage: npm run pictures', {});
mkdirSync(folder, { recursive: true });
const all = pictures();
for (const file of readdirSync(folder)) if (!all.has(file)) rmSync(join(folder, file));
for (const [file, content] of all) writeFileSync(join(folder, file), content);
console.log(`${all.size} pictures written to ${relative(root, folder)}`);
