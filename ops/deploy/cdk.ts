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

/** What the CDK CLI prints while nothing has failed: events of resources, annotations of the app, roles that it cannot assume. */
const NO_FAILURE =
  /^(?:[\w-]+ \|\s*\d+\/\d+ \||\[(?:Warning|Info)|WARNING |INFO |Acknowledge |Subprocess exited|current credentials could not)/;

/** The line in which the CDK CLI says why it failed. The lines after that one name causes, or repeat it. */
export function failureIn(lines: readonly string[]): string | undefined {
  const plain = lines.map((line) => line.trim()).filter((line) => !NO_FAILURE.test(line));
  const line =
    plain.find((each) => each.startsWith('❌') && each.includes('failed')) ??
    // An asset: `Kumiki-sandbox-Network: fail: No bucket named …`. The last line says only which asset.
    plain.find((each) => /^[\w-]+: fail: /.test(each)) ??
    plain.find((each) => /error|exception|failed/i.test(each) && !each.startsWith('‣')) ??
    plain.findLast((each) => !each.startsWith('‣'));
  return line?.replace(/^❌\s*|^[\w-]+: fail: /, '');
}

/** The error of AWS in the output of the CDK CLI, as the SDK would throw it; undefined where none is known. */
export function errorOfAws(lines: readonly string[]): Error | undefined {
  const plain = lines.map((line) => line.trim()).filter((line) => !NO_FAILURE.test(line));
  const reason = failureIn(lines) ?? '';
  const text = [reason, ...plain.slice(-3)].join('\n');
  const [name] = ERRORS.find(([, words]) => words.test(text)) ?? [];
  if (name !== undefined)
    return Object.assign(
      new Error(reason.replace(/^.*? failed:? (?:\w*(?:Error|Exception|Denied|Expired\w*|Throttling): )*/, '')),
      { name },
    );
  const code = /E(?:CONNRESET|CONNREFUSED|NOTFOUND|TIMEDOUT|PIPE)|EAI_AGAIN/.exec(text)?.[0];
  return code === undefined ? undefined : Object.assign(new Error(reason), { code });
}

/** Errors of AWS, and their codes or words. The CLI often prints only the words. */
const ERRORS: readonly (readonly [name: string, words: RegExp])[] = [
  [
    'ExpiredToken',
    /ExpiredToken|TokenRefreshRequired|RequestExpired|token (?:included in the request )?(?:is|has) expired/i,
  ],
  ['UnrecognizedClient', /UnrecognizedClient|InvalidClientTokenId|token included in the request is invalid/],
  ['CredentialsProviderError', /CredentialsProviderError|Unable to resolve AWS account|Could not load credentials/],
  ['Throttling', /Throttling|TooManyRequests|RequestLimitExceeded|Rate exceeded/],
  ['AccessDenied', /AccessDenied|UnauthorizedOperation|not authorized to perform/],
];
