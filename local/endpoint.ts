import { AwsClient } from 'aws4fetch';

/** Account of every AWS-compatible endpoint on one's own machine. */
export const LOCAL_ACCOUNT = '000000000000';
const REGION = 'us-east-1';

/**
 * Environment variables for everything that talks to the endpoint: nothing of the user's own AWS configuration is left,
 * and no real account would accept the keys.
 */
export function localVariables(url: string, from: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const kept = Object.entries(from).filter(([name]) => !/^(AWS|CDK)_/.test(name));
  return {
    ...Object.fromEntries(kept),
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: REGION,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    // A proxy of the user's would not find this machine's own address.
    NO_PROXY: [from.NO_PROXY, '127.0.0.1', 'localhost'].filter(Boolean).join(','),
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    CDK_DISABLE_VERSION_CHECK: 'true',
    CDK_VALIDATION: 'false',
    NODE_NO_WARNINGS: '1',
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
