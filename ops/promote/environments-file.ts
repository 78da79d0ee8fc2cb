import { createRequire } from 'node:module';
import { transformSync } from 'esbuild';
import type { EnvironmentDefinition } from '../../lib/environment-config';
import { Failure } from '../kit/language';
import { messages } from './messages';

export interface Edit {
  /** The whole new text. */
  readonly text: string;
  /** Number of the changed line, from 1. */
  readonly line: number;
  readonly before: string;
  readonly after: string;
}

/** An image by digest on one line, as lib/environments.ts has it. */
const IMAGE = /image: \{ from: 'digest'(?:, digest: (?:'[^']*'|undefined))? \}/;

/**
 * Writes the digest of a service into the text of lib/environments.ts.
 *
 * A digest is written into every line that could be meant, one at a time, and the result is evaluated: the one line counts
 * which gives this service of this environment the digest, and changes nothing else.
 *
 * @param file path of the file, for its imports
 * @returns undefined if the service has the digest already
 * @throws if no line or more than one line does that
 */
export function withDigest(
  text: string,
  file: string,
  target: { readonly environment: string; readonly service: string; readonly digest: string },
): Edit | undefined {
  const { environment, service, digest } = target;
  const now = environmentsIn(text, file);
  const own = now[environment]?.services.find(({ name }) => name === service)?.image;
  if (own?.from === 'digest' && own.digest === digest) return undefined;
  const wanted = JSON.stringify(withImage(now, environment, service, digest));
  const lines = text.split('\n');
  const edits = lines.flatMap((before, index): Edit[] => {
    if (!IMAGE.test(before)) return [];
    const after = before.replace(IMAGE, `image: ${imageWith(digest)}`);
    const edited = lines.with(index, after).join('\n');
    if (JSON.stringify(withOrder(environmentsIn(edited, file), environment, service, digest)) !== wanted) return [];
    return [{ text: edited, line: index + 1, before, after }];
  });
  const [edit, ...others] = edits;
  if (edit === undefined || others.length > 0) {
    throw new Failure(messages.noLine({ environment, service, code: `image: ${imageWith(digest)},` }));
  }
  return edit;
}

function imageWith(digest: string): string {
  return `{ from: 'digest', digest: '${digest}' }`;
}

type Environments = Record<string, EnvironmentDefinition>;

function environmentsIn(text: string, file: string): Environments {
  const { code } = transformSync(text, { loader: 'ts', format: 'cjs' });
  const module: { exports: { environments?: Environments } } = { exports: {} };
  new Function('module', 'exports', 'require', code)(module, module.exports, createRequire(file));
  return module.exports.environments ?? {};
}

/** The environments with the digest, and everything else as it is. */
function withImage(all: Environments, environment: string, service: string, digest: string): Environments {
  return Object.fromEntries(
    Object.entries(all).map(([id, definition]) => [
      id,
      id !== environment
        ? definition
        : {
            ...definition,
            services: definition.services.map((each) =>
              each.name === service ? { ...each, image: { from: 'digest' as const, digest } } : each,
            ),
          },
    ]),
  );
}

/** The same environments, with the properties of the image in the order in which `withImage` has them. */
function withOrder(all: Environments, environment: string, service: string, digest: string): Environments | undefined {
  const image = all[environment]?.services.find(({ name }) => name === service)?.image;
  return image?.from === 'digest' && image.digest === digest ? withImage(all, environment, service, digest) : undefined;
}
