import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cdk } from '../../deploy/cdk';

/** Parts of a synthesized app; those that are off have no resources. */
export type Parts = Readonly<Record<string, 'on' | 'off'>>;

/**
 * A CDK CLI that records its arguments. `synth` writes an app with the parts; other commands do what `run` does.
 *
 * @param run a command of the CLI with its arguments; it returns the exit code and the lines
 */
export function recordedCli(
  id: string,
  parts: Parts,
  run: (args: readonly string[], onLine: (line: string) => void) => number | Promise<number> = () => 0,
): { readonly cdk: Cdk; readonly calls: string[] } {
  const calls: string[] = [];
  const cdk: Cdk = async (args, { onLine } = {}) => {
    const folder = args[args.indexOf('--output') + 1] ?? '';
    calls.push(args.map((arg) => (/kumiki-\w+$/.test(arg) ? 'FOLDER' : arg)).join(' '));
    if (args[0] === 'synth') {
      writeApp(folder, id, parts);
      return { code: 0, lines: [] };
    }
    const lines: string[] = [];
    const code = await run(args, (line) => {
      lines.push(line);
      onLine?.(line);
    });
    return { code, lines };
  };
  return { cdk, calls };
}

export function writeApp(folder: string, id: string, parts: Parts): void {
  mkdirSync(folder, { recursive: true });
  const artifacts = Object.keys(parts).map((part) => [
    `${id}${part}`,
    {
      type: 'aws:cloudformation:stack',
      displayName: `${id}/${part}`,
      properties: { stackName: `Kumiki-${id}-${part}`, templateFile: `${part}.template.json` },
    },
  ]);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ artifacts: Object.fromEntries(artifacts) }));
  for (const [part, state] of Object.entries(parts)) {
    const template = state === 'on' ? { Resources: { One: { Type: 'AWS::SNS::Topic' } } } : {};
    writeFileSync(join(folder, `${part}.template.json`), JSON.stringify(template));
  }
}
