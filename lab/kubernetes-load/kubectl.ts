import { execFile } from 'node:child_process';

/** Runs kubectl with these arguments, `input` on its standard input, and resolves to what it prints. */
export type Kubectl = (args: readonly string[], input?: string) => Promise<string>;

/** Milliseconds that a command may take; one that waits for something says how long itself. */
const TIMEOUT = 90_000;
/** A node or an HPA is some kilobytes, a large cluster some thousands of them. */
const MAX_OUTPUT = 256 * 2 ** 20;
/** How Go says that nobody answers, with `bad gateway` by the proxy between a control plane and its nodes. */
const UNREACHABLE =
  /unable to connect|refused|no such host|no route to host|i\/o timeout|deadline exceeded|TLS handshake|bad gateway/i;

/**
 * kubectl for one context, whatever the current one becomes meanwhile.
 *
 * @param context undefined for kubectl's current one
 * @throws (each call) in one line that says what to do
 */
export function kubectlOf(context: string | undefined, program = 'kubectl'): Kubectl {
  const common = context === undefined ? [] : [`--context=${context}`];
  return (args, input) =>
    new Promise((resolve, reject) => {
      const child = execFile(
        program,
        [...common, ...args],
        { timeout: TIMEOUT, maxBuffer: MAX_OUTPUT },
        (error, stdout, stderr) => {
          if (error) reject(new Error(explain(error, stderr, args, context)));
          else resolve(stdout);
        },
      );
      // It may be gone before it has read: the exit code tells.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
    });
}

/** As one call; the flag of kubectl itself, so that a cluster that is silent does not hang it. */
export function get(kubectl: Kubectl, ...args: readonly string[]): Promise<string> {
  return kubectl(['get', ...args, '--output=json', '--request-timeout=15s']);
}

function explain(
  error: Error & { code?: number | string | null; killed?: boolean },
  stderr: string,
  args: readonly string[],
  context: string | undefined,
): string {
  if (error.code === 'ENOENT') {
    return 'kubectl is not on the PATH. Install it (https://kubernetes.io/docs/tasks/tools/) and try again.';
  }
  const said =
    stderr
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^error: /i, '') ?? '';
  const cluster = context === undefined ? 'The cluster' : `The cluster of context ${context}`;
  // What the API server says has reached us, whatever it has not reached itself.
  const served = said.startsWith('Error from server');
  if (served && /:10250\b|containerLogs/.test(said) && UNREACHABLE.test(said)) {
    return (
      `The control plane does not reach the kubelet of a node (${said}). ` +
      "Allow port 10250 from the control plane's security group to the nodes."
    );
  }
  if (error.killed || (!served && UNREACHABLE.test(said))) {
    return (
      `${cluster} cannot be reached${said === '' ? '.' : ` (${said}).`} ` +
      'An endpoint that is private is reached from inside its VPC or over a VPN; kubectl get nodes must work first.'
    );
  }
  if (/must be logged in|Unauthorized|getting credentials/i.test(said)) {
    return `${cluster} does not accept these credentials (${said}). Sign in (aws sso login, AWS_PROFILE=…) and try again.`;
  }
  if (/^context .* does not exist/.test(said)) {
    return `kubectl has no context ${context}. kubectl config get-contexts lists those it has.`;
  }
  return `kubectl ${args[0]}: ${said === '' ? error.message.split('\n')[0] : said}`;
}
