import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';

/** What experiments need to know, from stack outputs. */
export interface Outputs {
  readonly restApiId: string;
  readonly stageName: string;
  /** Base URL of the REST API as CloudFormation gives it, with the stage. */
  readonly url: string;
  readonly cacheEnabled: boolean;
  readonly functionName: string;
  readonly liveAliasArn: string;
  readonly onDemandAliasArn: string;
  readonly targetGroupArn: string;
}

/** @throws if a stack or an output is missing */
export async function readOutputs(environmentId: string, region: string): Promise<Outputs> {
  const client = new CloudFormationClient({ region });
  const [api, quotes, containers] = await Promise.all([
    outputsOf(client, `Kumiki-${environmentId}-RestApi`),
    outputsOf(client, `Kumiki-${environmentId}-Function`),
    outputsOf(client, `Kumiki-${environmentId}-Containers`),
  ]);
  return {
    restApiId: api('RestApiId'),
    stageName: api('StageName'),
    url: api('Url'),
    cacheEnabled: api('CacheEnabled') === 'true',
    functionName: quotes('FunctionName'),
    liveAliasArn: quotes('LiveAliasArn'),
    onDemandAliasArn: quotes('OnDemandAliasArn'),
    targetGroupArn: containers('TargetGroupArn'),
  };
}

async function outputsOf(client: CloudFormationClient, stackName: string): Promise<(name: string) => string> {
  const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
  const outputs = new Map(stack?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  return (name) => {
    const value = outputs.get(name);
    if (value === undefined) {
      throw new Error(
        `Stack ${stackName} (${stack?.StackStatus ?? 'no status'}) has no output ${name}. Deploy it again with npx cdk deploy --all.`,
      );
    }
    return value;
  };
}
