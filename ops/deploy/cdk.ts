import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The folder of the repository, in which the CDK CLI finds cdk.json. */
const ROOT = join(__dirname, '..', '..');
/** The CDK CLI that package.json pins. npx would search for two seconds first. */
const CDK = [process.execPath, join(ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk')];
/** Milliseconds after which a CLI that does not end by itself is killed. */
const GRACE = 10_000;

export interface CdkOptions {
  /** Called with each line of both outputs. */
  readonly onLine?: (line: string) => void;
  /** The CLI writes to the terminal and asks there. No lines are returned. @default false */
  readonly onTerminal?: boolean;
}

export interface CdkResult {
  readonly code: number;
  readonly lines: readonly string[];
}

/** Runs the CDK CLI with arguments. */
export type Cdk = (args: readonly string[], options?: CdkOptions) => Promise<CdkResult>;

/**
 * The CDK CLI of this repository.
 *
 * @param signal ends the CLI: what CloudFormation has begun goes on in AWS
 * @param command another program with the same arguments. @default aws-cdk in node_modules
 */
export function cdkCli(signal: AbortSignal, command: readonly string[] = CDK): Cdk {
  const [program = '', ...first] = command;
  return (args, { onLine, onTerminal = false } = {}) => {
    const output = onTerminal ? 'inherit' : 'pipe';
    const child = spawn(program, [...first, ...args, '--no-notices', ...(onTerminal ? [] : ['--no-color'])], {
      cwd: ROOT,
      // Warnings of Node.js about packages of the CLI are not its output.
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
      stdio: [onTerminal ? 'inherit' : 'ignore', output, output],
    });
    const end = () => {
      child.kill('SIGINT');
      setTimeout(() => child.kill('SIGKILL'), GRACE).unref();
    };
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        if (line.trim() === '') return;
        lines.push(line);
        onLine?.(line);
      });
    }
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => {
        signal.removeEventListener('abort', end);
        resolve({ code: code ?? 1, lines });
      });
    });
  };
}

/** The line in which the CDK CLI says why it failed. */
export function failureIn(lines: readonly string[]): string | undefined {
  const plain = lines.map((line) => line.trim());
  const line =
    plain.find((each) => each.startsWith('❌') && each.includes('failed')) ??
    plain.find((each) => /error|exception|failed/i.test(each)) ??
    plain.at(-1);
  return line?.replace(/^❌\s*/, '');
}
