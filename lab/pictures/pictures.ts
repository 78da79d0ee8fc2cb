import { join } from 'node:path';
import { LANGUAGES, type Language } from '../../ops/kit/language';
import { widgetsOf } from '../dashboard/body';
import { draw } from '../dashboard/draw';
import { exampleTemplate } from '../dashboard/example';
import { root } from '../kit/folders';
import { hero } from './hero';
import { kubernetesLoop } from './kubernetes-loop';
import { network } from './network';
import { requestPaths } from './request-paths';
import { start } from './start';

/** Generators of all pictures, by the name of the file. */
const generators: Readonly<Record<string, (language: Language) => string>> = {
  hero,
  'kubernetes-loop': kubernetesLoop,
  network,
  'request-paths': requestPaths,
  start,
};

/** Folder of the pictures. */
export const folder = join(root, 'docs', 'pictures');

/**
 * The content of every picture by its file: one for each language, as the pages are. The dashboard has English words only,
 * in the console of AWS, too.
 */
export function pictures(): ReadonlyMap<string, string> {
  return new Map([
    ['dashboard.svg', draw(widgetsOf(exampleTemplate()))],
    ...Object.entries(generators).flatMap(([name, generate]) =>
      LANGUAGES.map((language): [string, string] => [
        language === 'en' ? `${name}.svg` : `${name}.${language}.svg`,
        generate(language),
      ]),
    ),
  ]);
}
