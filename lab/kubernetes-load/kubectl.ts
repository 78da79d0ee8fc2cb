import { execFile } from 'node:child_process';

/** Runs kubectl with these arguments, `input` on its standard input, and resolves to what it prints. */
export type Kubectl = (args: readonly string[], input?: string) => Promise<string>;

/** Timeout of a command in milliseconds. Commands that wait have a shorter timeout of their own. */
const TIMEOUT = 90_000;
/** Bytes. An object takes some kilobytes, and a large cluster has some thousands of them. */
const MAX_OUTPUT = 256 * 2 ** 20;
/** Messages of Go when a host does not answer. `bad gateway` is from the proxy between a control plane and its nodes. */
const UNREACHABLE =
  /unable to connect|refused|no such host|no route to host|i\/o timeout|deadline exceeded|TLS handshake|bad gateway/i;

/**
 * kubectl for one context, even if the current context changes during the run.
 *
 * @param context undefined for kubectl's current context
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
      // kubectl may end before it has read the input. The exit code then reports the failure.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
    });
}

/** Gets objects in one call. The timeout keeps kubectl from waiting for a cluster that does not answer. */
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
  const message =
    stderr
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^error: /i, '') ?? '';
  const cluster = context === undefined ? 'The cluster' : `The cluster of context ${context}`;
  // The API server answered, so it can be reached. Its message may say that it cannot reach something else.
  const served = message.startsWith('Error from server');
  if (served && /:10250\b|containerLogs/.test(message) && UNREACHABLE.test(message)) {
    return (
      `The control plane does not reach the kubelet of a node (${message}). ` +
      "Allow port 10250 from the control plane's security group to the nodes."
    );
  }
  if (error.killed || (!served && UNREACHABLE.test(message))) {
    return (
      `${cluster} cannot be reached${message === '' ? '.' : ` (${message}).`} ` +
      'A private endpoint can be reached from its VPC or over a VPN only. kubectl get nodes must work first.'
    );
  }
  if (/must be logged in|Unauthorized|getting credentials/i.test(message)) {
    return `${cluster} does not accept these credentials (${message}). Sign in (aws sso login, AWS_PROFILE=…) and try again.`;
  }
  if (/^context .* does not exist/.test(message)) {
    return `kubectl has no context ${context}. List the contexts with kubectl config get-contexts.`;
  }
  return `kubectl ${args[0]}: ${message === '' ? error.message.split('\n')[0] : message}`;
}
