import * as fs from 'node:fs';
import * as path from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { type BuildOptions, buildSync, type OutputFile } from 'esbuild';

/** Target of all bundles: Node.js 20, the oldest that package.json allows. AWS runs a newer version. */
const TARGET = 'node20';

/**
 * Code of functions, which esbuild bundles in this process, without Docker, npx or NodejsFunction. When the first asset is
 * bound, one call of esbuild bundles all entries that were requested until then.
 *
 * Each `index.mjs` includes all packages, the AWS SDK, too, because a bundled SDK starts faster than the copy of the runtime.
 * Set `NODE_OPTIONS=--enable-source-maps` for stack traces that point into the sources. With the context
 * `'aws:cdk:bundling-stacks': []` nothing is bundled, and the hash of the asset does not depend on the code.
 */
export class FunctionBundles {
  private readonly root = repositoryRoot();
  private readonly waiting = new Set<string>();
  private readonly bundled = new Map<string, OutputFile[]>();

  /**
   * Returns the code of a function.
   *
   * @param entry path of the handler's file from the root of the repository, such as `lambda/quotes/index.ts`
   * @throws when the asset is bound, if esbuild cannot bundle an entry; the error has esbuild's reason in one line
   */
  code(entry: string): lambda.Code {
    this.waiting.add(entry);
    return lambda.Code.fromAsset(path.join(this.root, path.dirname(entry)), {
      assetHashType: AssetHashType.OUTPUT,
      bundling: {
        image: DockerImage.fromRegistry('not-used'),
        local: {
          tryBundle: (directory) => {
            this.bundleWaiting();
            for (const { path: file, contents } of this.bundled.get(entry) ?? []) {
              fs.writeFileSync(path.join(directory, path.basename(file)), contents);
            }
            return true;
          },
        },
      },
    });
  }

  private bundleWaiting(): void {
    const entries = [...this.waiting];
    this.waiting.clear();
    if (entries.length === 0) return;
    // Each entry has a folder, named by the entry's number: `0/index.mjs`.
    const files = bundle(this.root, Object.fromEntries(entries.map((entry, index) => [`${index}/index`, entry])), {
      outExtension: { '.js': '.mjs' },
      format: 'esm',
      mainFields: ['module', 'main'],
      // Packages of the CommonJS format call `require` inside an ES module.
      banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
      minify: true,
      sourcemap: 'linked',
      sourcesContent: false,
    });
    for (const [index, entry] of entries.entries()) {
      const folder = path.join(this.root, String(index));
      this.bundled.set(
        entry,
        files.filter((file) => path.dirname(file.path) === folder),
      );
    }
  }
}

/**
 * Returns the Docker build context of a service: `folder`, or the context of the history service, which this call writes. The
 * latter holds the Dockerfile, the bundled server and the bundled load generator. Equal sources give equal bytes on every
 * machine, so the image is built again only if the sources change.
 *
 * @param folder path from the root of the repository
 * @throws if the folder has no Dockerfile, or esbuild cannot bundle the server; the error has esbuild's reason in one line
 */
export function containerContext(folder?: string): string {
  const root = repositoryRoot();
  if (folder !== undefined) return checkedContext(root, folder);
  const directory = path.join(root, 'node_modules', '.cache', 'kumiki', 'container');
  const entries = { server: 'container/src/server.ts', load: 'container/src/load.ts' };
  const bundled = bundle(root, entries, { format: 'cjs', outExtension: { '.js': '.cjs' } });
  const files = [
    { name: 'Dockerfile', contents: fs.readFileSync(path.join(root, 'container', 'Dockerfile')) },
    ...bundled.map((file) => ({ name: path.basename(file.path), contents: file.contents })),
  ];
  fs.mkdirSync(directory, { recursive: true });
  for (const name of fs.readdirSync(directory)) {
    if (!files.some((file) => file.name === name)) fs.rmSync(path.join(directory, name), { recursive: true });
  }
  for (const { name, contents } of files) replace(path.join(directory, name), contents);
  return directory;
}

function checkedContext(root: string, folder: string): string {
  const directory = path.resolve(root, folder);
  if (fs.existsSync(path.join(directory, 'Dockerfile'))) return directory;
  throw new Error(
    `image.directory: must be a folder of the repository with a Dockerfile, got "${folder}". Give a path such as services/reports`,
  );
}

/**
 * Bundles into memory. The output directory is always the root, so that paths in comments and source maps are relative to the
 * root, and the bytes do not depend on the folder of the checkout.
 *
 * @param entryPoints paths of source files, by the names of their bundles
 */
function bundle(root: string, entryPoints: Record<string, string>, options: BuildOptions): readonly OutputFile[] {
  try {
    return buildSync({
      ...options,
      entryPoints,
      absWorkingDir: root,
      outdir: root,
      bundle: true,
      platform: 'node',
      target: TARGET,
      logLevel: 'silent',
      write: false,
    }).outputFiles;
  } catch (error) {
    const names = Object.values(entryPoints).join(', ');
    throw new Error(`${names}: does not bundle. ${String(error).replace(/\s*\n\s*/g, ' ')}`);
  }
}

/** Replaces a file atomically, and only if its contents differ, because another process may be reading the file. */
function replace(file: string, contents: Uint8Array): void {
  if (fs.existsSync(file) && fs.readFileSync(file).equals(contents)) return;
  const draft = `${path.dirname(file)}-${path.basename(file)}.${process.pid}`;
  try {
    fs.writeFileSync(draft, contents, { mode: 0o644 });
    fs.renameSync(draft, file);
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/**
 * Finds the folder of cdk.json above this file, which is in `lib/` in tests, and in `node_modules/.cache/kumiki/` when
 * bin/run.cjs has bundled the app. The result does not depend on the working directory.
 */
function repositoryRoot(): string {
  let directory = __dirname;
  while (!fs.existsSync(path.join(directory, 'cdk.json'))) {
    if (directory === path.dirname(directory)) {
      throw new Error(`sources: no folder above ${__dirname} has a cdk.json. Run from a checkout of the repository.`);
    }
    directory = path.dirname(directory);
  }
  return directory;
}
