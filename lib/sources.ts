import * as fs from 'node:fs';
import * as path from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { BuildOptions } from 'esbuild';

/** Target of all bundles: the oldest Node that the local deployment runs them with; AWS runs a later one. */
const TARGET = 'node20';

/**
 * The code of a function, bundled in this process by esbuild: no Docker, no npx, no NodejsFunction.
 *
 * `index.mjs` holds everything, the AWS SDK too, which starts faster than the runtime's copy; set
 * `NODE_OPTIONS=--enable-source-maps` for stack traces in terms of the sources. With the context
 * `'aws:cdk:bundling-stacks': []` nothing is bundled and the asset's hash does not depend on the code.
 *
 * @param entry path of the handler's file from the root of the repository, as in `lambda/quotes/index.ts`
 * @throws (when the asset is bound) if the entry does not bundle, with esbuild's reason in one line
 */
export function functionCode(entry: string): lambda.Code {
  const root = repositoryRoot();
  return lambda.Code.fromAsset(path.join(root, path.dirname(entry)), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('not-used'),
      local: {
        tryBundle(directory) {
          const files = bundle(root, {
            entryPoints: [entry],
            outfile: 'index.mjs',
            format: 'esm',
            mainFields: ['module', 'main'],
            // What packages of the older module format call inside an ES module.
            banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
            minify: true,
            sourcemap: 'linked',
            sourcesContent: false,
          });
          for (const { name, contents } of files) fs.writeFileSync(path.join(directory, name), contents);
          return true;
        },
      },
    },
  });
}

/**
 * Writes the Docker build context of the container service, its Dockerfile, the bundled server and the bundled load
 * generator, and returns its folder. The same sources give the same bytes on every machine, so the image is built again
 * only when they change.
 *
 * @throws if the server does not bundle, with esbuild's reason in one line
 */
export function containerContext(): string {
  const root = repositoryRoot();
  const directory = path.join(root, 'node_modules', '.cache', 'kumiki', 'container');
  const files = [
    { name: 'Dockerfile', contents: fs.readFileSync(path.join(root, 'container', 'Dockerfile')) },
    ...['server', 'load'].flatMap((name) =>
      bundle(root, { entryPoints: [`container/src/${name}.ts`], outfile: `${name}.cjs`, format: 'cjs' }),
    ),
  ];
  fs.mkdirSync(directory, { recursive: true });
  for (const name of fs.readdirSync(directory)) {
    if (!files.some((file) => file.name === name)) fs.rmSync(path.join(directory, name), { recursive: true });
  }
  for (const { name, contents } of files) replace(path.join(directory, name), contents);
  return directory;
}

interface OutputFile {
  readonly name: string;
  readonly contents: Uint8Array;
}

/** A bundle as it is kept between two runs, and what it was made from. */
interface Kept {
  readonly options: string;
  /** Size and time of modification of every file that went in, by its path from the root. */
  readonly inputs: Readonly<Record<string, string | undefined>>;
  readonly files: readonly { readonly name: string; readonly base64: string }[];
}

/**
 * Bundles without writing: as `outfile` is then in the root for every caller, the paths in comments and source maps are
 * relative to the root, and the bytes do not depend on where they end up.
 *
 * A bundle is kept with the sizes and times of the files it was made from, and used again while they are the same: most
 * synths change none of them, and esbuild would take a third of their time. What is not in the repository is not kept.
 */
function bundle(root: string, options: BuildOptions): readonly OutputFile[] {
  const name = String(options.entryPoints).replaceAll(/[^\w.]+/g, '-');
  const file = path.join(root, 'node_modules', '.cache', 'kumiki', 'bundles', `${name}.json`);
  const wanted = JSON.stringify([stampOf(root, 'node_modules/esbuild/package.json'), TARGET, options]);
  const kept = keptBundle(root, file, wanted);
  if (kept) return kept;
  // Loaded when there is something to bundle, which most synths have not.
  const { buildSync }: typeof import('esbuild') = require('esbuild');
  try {
    const { outputFiles, metafile } = buildSync({
      ...options,
      absWorkingDir: root,
      bundle: true,
      platform: 'node',
      target: TARGET,
      logLevel: 'silent',
      metafile: true,
      write: false,
    });
    const files = outputFiles.map((output) => ({ name: path.basename(output.path), contents: output.contents }));
    const inputs = Object.fromEntries(Object.keys(metafile.inputs).map((input) => [input, stampOf(root, input)]));
    const encoded = files.map((output) => ({
      name: output.name,
      base64: Buffer.from(output.contents).toString('base64'),
    }));
    if (!name.startsWith('..')) {
      keep(file, Buffer.from(JSON.stringify({ options: wanted, inputs, files: encoded } satisfies Kept)));
    }
    return files;
  } catch (error) {
    throw new Error(`${String(options.entryPoints)} does not bundle: ${String(error).replace(/\s*\n\s*/g, ' ')}`);
  }
}

function keptBundle(root: string, file: string, wanted: string): readonly OutputFile[] | undefined {
  try {
    const { options, inputs, files }: Kept = JSON.parse(fs.readFileSync(file, 'utf8'));
    if (options !== wanted) return undefined;
    if (!Object.entries(inputs).every(([input, stamp]) => stampOf(root, input) === stamp)) return undefined;
    return files.map(({ name, base64 }) => ({ name, contents: Buffer.from(base64, 'base64') }));
  } catch {
    // There is none, or half of one that a full disk or a crash has left.
    return undefined;
  }
}

/** Keeps a bundle where that can be done: without, the next run bundles again. */
function keep(file: string, contents: Uint8Array): void {
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    replace(file, contents);
  } catch {
    // No room, or no right to write.
  }
}

function stampOf(root: string, file: string): string | undefined {
  const stat = fs.statSync(path.join(root, file), { throwIfNoEntry: false });
  return stat && `${stat.size} ${stat.mtimeMs}`;
}

/** Replaces a file as one step, and not at all when it is the same: another process may be reading it. */
function replace(file: string, contents: Uint8Array): void {
  if (fs.existsSync(file) && fs.readFileSync(file).equals(contents)) return;
  const draft = path.join(path.dirname(path.dirname(file)), `${path.basename(file)}.${process.pid}`);
  try {
    fs.writeFileSync(draft, contents, { mode: 0o644 });
    fs.renameSync(draft, file);
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/**
 * The folder of cdk.json, upwards from this file: `lib/` in tests, `node_modules/.cache/kumiki/` when bin/run.cjs has
 * bundled the app. So it does not depend on the working directory.
 */
function repositoryRoot(): string {
  let directory = __dirname;
  while (!fs.existsSync(path.join(directory, 'cdk.json'))) {
    if (directory === path.dirname(directory)) {
      throw new Error(`sources: no cdk.json in a folder above ${__dirname}. Run from a checkout of the repository.`);
    }
    directory = path.dirname(directory);
  }
  return directory;
}
