import { delimiter, dirname } from 'node:path';
import { AwsClient } from 'aws4fetch';
import { Failure } from '../../ops/kit/language';
import { folders } from './folders';
import { messages } from './messages';

/** Account of every AWS-compatible endpoint on this machine. */
export const LOCAL_ACCOUNT = '000000000000';
const REGION = 'us-east-1';

/**
 * Names of the user's variables that programs of the laboratory keep. The list names the variables that are needed, because
 * a list of harmful ones would never be complete. It leaves out AWS's variables, proxies, settings that the emulator or the
 * container service would understand differently (SERVICES, LOG_LEVEL), and code that Node.js or Python would load
 * (NODE_OPTIONS).
 */
const KEPT: readonly RegExp[] = [
  // Programs, and libraries for programs that cannot find them alone: the Python of actions/setup-python, NixOS.
  /^(PATH|LD_LIBRARY_PATH|NIX_LD|NIX_LD_LIBRARY_PATH)$/,
  /^TMPDIR$/,
  /^(LANG|LC_\w+|TZ)$/,
  // The format of the output, and whether errors are printed in full.
  /^(TERM|NO_COLOR|DEBUG)$/,
  // The certificate of an endpoint that somebody else started.
  /^NODE_EXTRA_CA_CERTS$/,
];

/**
 * Environment variables for programs of the laboratory. They contain the user's variables that KEPT names, and nothing by
 * which an AWS SDK could find an account, a key or a program to run. Only the installation of packages uses the whole
 * environment of the user, because it may need a proxy or an index. No later program leaves this machine.
 */
export function ownVariables(from: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const kept = Object.entries(from).filter(([name]) => KEPT.some((names) => names.test(name)));
  return {
    ...Object.fromEntries(kept),
    // This Node.js comes first, because a shim that is first in PATH would look for its settings at home.
    PATH: [...new Set([dirname(process.execPath), ...(from.PATH?.split(delimiter) ?? [])])].join(delimiter),
    // Hides ~/.aws and ~/.cdk.json, and keeps the caches of the CDK CLI.
    HOME: folders.temporary,
    // Without these two, an SDK looks for the files at home.
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    // A proxy from other settings (macOS has one for Python) would not reach the address of this machine. The CDK CLI reads
    // the lower case first, fetch of Node.js reads both.
    NO_PROXY: '*',
    no_proxy: '*',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    CDK_DISABLE_VERSION_CHECK: 'true',
    NODE_NO_WARNINGS: '1',
  };
}

/** The same variables for programs that use the endpoint, with keys that no real account would accept. */
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

/** Makes `variables` the environment of this process and of the processes that it starts. */
export function adopt(variables: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) if (!(name in variables)) delete process.env[name];
  Object.assign(process.env, variables);
}

/**
 * The endpoint in `AWS_ENDPOINT_URL`, without a slash at the end; undefined where the variable is unset or empty. An empty
 * variable is unset, because the AWS SDK would use it.
 *
 * @throws in one line if the variable is not a URL
 */
export function givenEndpoint(variables: NodeJS.ProcessEnv = process.env): string | undefined {
  const url = variables.AWS_ENDPOINT_URL?.trim().replace(/\/+$/, '');
  if (url === undefined || url === '') {
    delete variables.AWS_ENDPOINT_URL;
    return undefined;
  }
  // localhost:4566 parses as a URL with the scheme "localhost:".
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new Failure(messages.notUrl({ url }));
  }
  return url;
}

/**
 * The endpoint in `AWS_ENDPOINT_URL`, which the environment local needs.
 *
 * @throws in one line if the variable is unset, so that the environment never reaches an account of AWS
 */
export function neededEndpoint(variables: NodeJS.ProcessEnv = process.env): string {
  const url = givenEndpoint(variables);
  if (url !== undefined) return url;
  throw new Failure(messages.noEndpoint);
}

/** Tells whether an error means that nothing listens at the address. A timeout is not such an error. */
export function isRefused(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  return ('code' in error && error.code === 'ECONNREFUSED') || ('cause' in error && isRefused(error.cause));
}

/**
 * Checks that the endpoint answers with the account that all local endpoints have.
 *
 * @throws in one line, if there is no answer or another account
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
    throw new Failure(messages.nothingAnswers({ url }), { cause });
  }
  const account = /<Account>(\d{12})<\/Account>/.exec(answer)?.[1];
  if (account !== LOCAL_ACCOUNT) {
    throw new Failure(messages.otherAccount({ url, account: account ?? messages.missing, expected: LOCAL_ACCOUNT }));
  }
}
