import { delimiter, dirname } from 'node:path';
import { AwsClient } from 'aws4fetch';
import { folders } from './folders';

/** Account of every AWS-compatible endpoint on one's own machine. */
export const LOCAL_ACCOUNT = '000000000000';
const REGION = 'us-east-1';

/**
 * What a program that is started here takes over from the user's environment, by name. It is a list of what is needed, as
 * no list of what harms is complete: not AWS's variables, a proxy, settings of the emulator's or the container service's
 * that mean something else here (SERVICES, LOG_LEVEL), nor anything that Node or Python would load (NODE_OPTIONS).
 */
const TAKEN_OVER: readonly RegExp[] = [
  // Where programs are, and the libraries of those that do not know it themselves: a Python of actions/setup-python, NixOS.
  /^(PATH|LD_LIBRARY_PATH|NIX_LD|NIX_LD_LIBRARY_PATH)$/,
  /^TMPDIR$/,
  /^(LANG|LC_\w+|TZ)$/,
  // How the terminal is written to, and whether errors are told in full.
  /^(TERM|NO_COLOR|DEBUG)$/,
  // For an endpoint that somebody else started with a certificate of their own.
  /^NODE_EXTRA_CA_CERTS$/,
];

/**
 * Environment variables for everything that is started here: of the user's own only what TAKEN_OVER names, and nothing by
 * which an AWS SDK finds an account, a key or a program to run. Only the installation of packages has the user's
 * environment, for its proxy and its indexes: nothing that runs after that leaves this machine.
 */
export function ownVariables(from: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const taken = Object.entries(from).filter(([name]) => TAKEN_OVER.some((names) => names.test(name)));
  return {
    ...Object.fromEntries(taken),
    // This Node first, also where the first one of PATH is a shim that looks for its settings at home.
    PATH: [...new Set([dirname(process.execPath), ...(from.PATH?.split(delimiter) ?? [])])].join(delimiter),
    // ~/.aws, ~/.cdk.json and caches of the CDK CLI.
    HOME: folders.temporary,
    // Where these two are not set, or not read, an SDK looks for the files at home.
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    // A proxy that is set otherwise, as macOS does for Python, would not find this machine's own address. The CDK CLI
    // reads the lower case first, Node's fetch both.
    NO_PROXY: '*',
    no_proxy: '*',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    CDK_DISABLE_VERSION_CHECK: 'true',
    NODE_NO_WARNINGS: '1',
  };
}

/** The same for everything that talks to the endpoint, with keys that no real account would accept. */
export function localVariables(url: string, from: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return {
    ...ownVariables(from),
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: REGION,
    CDK_VALIDATION: 'false',
  };
}

/** Makes `variables` the environment of this process, and so of all that it starts. */
export function adopt(variables: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) if (!(name in variables)) delete process.env[name];
  Object.assign(process.env, variables);
}

/**
 * The endpoint that somebody else started, without a slash at the end; undefined where `AWS_ENDPOINT_URL` is not set or
 * empty, which is then unset for the AWS SDK too.
 *
 * @throws in one line if it is not a URL
 */
export function givenEndpoint(variables: NodeJS.ProcessEnv = process.env): string | undefined {
  const url = variables.AWS_ENDPOINT_URL?.trim().replace(/\/+$/, '');
  if (url === undefined || url === '') {
    delete variables.AWS_ENDPOINT_URL;
    return undefined;
  }
  // localhost:4566 is a URL too, of the scheme "localhost:".
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new Error(`AWS_ENDPOINT_URL: "${url}" is not a URL. Give one as in http://127.0.0.1:4566, or unset it.`);
  }
  return url;
}

/**
 * The endpoint that the environment local needs.
 *
 * @throws in one line if `AWS_ENDPOINT_URL` names none, so that the environment never reaches an account of AWS
 */
export function neededEndpoint(variables: NodeJS.ProcessEnv = process.env): string {
  const url = givenEndpoint(variables);
  if (url !== undefined) return url;
  throw new Error(
    'environment local: needs an endpoint on this machine, but AWS_ENDPOINT_URL is not set. Run `npm start`, or set ' +
      'AWS_ENDPOINT_URL to a running one.',
  );
}

/** Whether an error says that nothing listens there at all, rather than that no answer came in time. */
export function isRefused(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  return ('code' in error && error.code === 'ECONNREFUSED') || ('cause' in error && isRefused(error.cause));
}

/**
 * Whether the endpoint answers, and for the account that only endpoints of this kind have.
 *
 * @throws in one line if not
 */
export async function checkEndpoint(url: string): Promise<void> {
  const client = new AwsClient({
    accessKeyId: 'test',
    secretAccessKey: 'test',
    service: 'sts',
    region: REGION,
    retries: 0,
  });
  let answer: string;
  try {
    const response = await client.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
      signal: AbortSignal.timeout(5_000),
    });
    answer = await response.text();
  } catch (cause) {
    throw new Error(
      `AWS_ENDPOINT_URL: nothing answers at ${url}. Start it, or unset AWS_ENDPOINT_URL to have one started.`,
      { cause },
    );
  }
  const account = /<Account>(\d{12})<\/Account>/.exec(answer)?.[1];
  if (account !== LOCAL_ACCOUNT) {
    throw new Error(
      `AWS_ENDPOINT_URL: ${url} is not an endpoint for local deployments: its account is ${account ?? 'not told'}, ` +
        `expected ${LOCAL_ACCOUNT}. Unset AWS_ENDPOINT_URL to have one started.`,
    );
  }
}
