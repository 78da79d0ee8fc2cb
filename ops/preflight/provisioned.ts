import {
  GetFunctionConcurrencyCommand,
  LambdaClient,
  ListFunctionsCommand,
  ListProvisionedConcurrencyConfigsCommand,
} from '@aws-sdk/client-lambda';

/** Functions that are asked at a time. Lambda allows 15 requests a second to an account, for most of its API together. */
const AT_A_TIME = 5;

/**
 * Provisioned concurrency of all other functions of the region that reserve no concurrency. Concurrency that a function
 * reserves contains what the function provisions, and is not in `UnreservedConcurrentExecutions` any more.
 *
 * @param own names of the functions of the environment, which do not count twice
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
 */
export async function provisionedByOthers(client: LambdaClient, own: ReadonlySet<string>): Promise<number> {
  const names: string[] = [];
  for (let marker: string | undefined, more = true; more; more = marker !== undefined) {
    const { Functions = [], NextMarker } = await client.send(new ListFunctionsCommand({ Marker: marker }));
    names.push(...Functions.flatMap(({ FunctionName }) => FunctionName ?? []).filter((name) => !own.has(name)));
    // An empty marker is the end, too.
    marker = NextMarker === '' ? undefined : NextMarker;
  }
  let sum = 0;
  for (let from = 0; from < names.length; from += AT_A_TIME) {
    const counts = names.slice(from, from + AT_A_TIME).map((name) => provisionedBy(client, name));
    sum += (await Promise.all(counts)).reduce((total, count) => total + count, 0);
  }
  return sum;
}

async function provisionedBy(client: LambdaClient, FunctionName: string): Promise<number> {
  let provisioned = 0;
  for (let marker: string | undefined, more = true; more; more = marker !== undefined) {
    const page = await client.send(new ListProvisionedConcurrencyConfigsCommand({ FunctionName, Marker: marker }));
    for (const { RequestedProvisionedConcurrentExecutions = 0 } of page.ProvisionedConcurrencyConfigs ?? []) {
      provisioned += RequestedProvisionedConcurrentExecutions;
    }
    marker = page.NextMarker === '' ? undefined : page.NextMarker;
  }
  if (provisioned === 0) return 0;
  const { ReservedConcurrentExecutions } = await client.send(new GetFunctionConcurrencyCommand({ FunctionName }));
  return ReservedConcurrentExecutions === undefined ? provisioned : 0;
}
