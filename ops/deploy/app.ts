import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../kit/language';
import { type Cdk, failureIn } from './cdk';
import { messages } from './messages';

/** A stack of the synthesized app. */
export interface AppStack {
  /** Name in CloudFormation. */
  readonly name: string;
  /** Name for the CDK CLI. */
  readonly displayName: string;
  /** The part is switched off: the CLI deletes its stack. */
  readonly isEmpty: boolean;
}

/** The synthesized app, in a folder that disappears with the process. */
export interface Assembly {
  readonly folder: string;
  readonly stacks: readonly AppStack[];
}

const folders = new Set<string>();

function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/**
 * Synthesizes the app once, for all later runs of the CLI.
 *
 * @param args context, and `--app` if the app is not that of cdk.json
 * @throws in one line, with the error of the app
 */
export async function synthesize(cdk: Cdk, args: readonly string[]): Promise<Assembly> {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-'));
  if (folders.size === 0) process.on('exit', removeFolders);
  folders.add(folder);
  const { code, lines } = await cdk(['synth', '--quiet', ...args, '--output', folder]);
  if (code !== 0) {
    const own = lines.filter((line) => !/^(Bundling asset|\[Warning|\[Info|Subprocess exited)/.test(line.trim()));
    throw new Failure(messages.synthesisFailed({ reason: own[0] ?? failureIn(lines) ?? `cdk synth: ${code}` }));
  }
  return { folder, stacks: stacksIn(folder) };
}

interface Artifact {
  readonly type: string;
  readonly displayName?: string;
  readonly properties?: { readonly stackName?: string; readonly templateFile?: string };
}

function stacksIn(folder: string): AppStack[] {
  const read = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const { artifacts }: { artifacts: Record<string, Artifact> } = read('manifest.json');
  return Object.entries(artifacts).flatMap(([id, { type, displayName, properties = {} }]) => {
    const { stackName, templateFile } = properties;
    if (type !== 'aws:cloudformation:stack' || templateFile === undefined) return [];
    const { Resources = {} } = read(templateFile);
    return [{ name: stackName ?? id, displayName: displayName ?? id, isEmpty: Object.keys(Resources).length === 0 }];
  });
}

/** `-c key=value` for the CDK CLI, and for a person who repeats a command. */
export function contextFlags(context: Readonly<Record<string, string>>): string[] {
  return Object.entries(context).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
}
