import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { Failure } from '../../ops/kit/language';
import { HttpApiAddress, WebSocketApiAddress } from './address';
import { messages } from './messages';

/** Stack outputs that experiments need. */
export interface Outputs {
  readonly restApiId: string;
  readonly stageName: string;
  /** Base URL of the REST API, with the stage. */
  readonly url: string;
  readonly cacheEnabled: boolean;
  readonly functionName: string;
  readonly liveAliasArn: string;
  readonly onDemandAliasArn: string;
  /** One target group for each kind of capacity of the container service. */
  readonly targetGroupArns: readonly string[];
  /** Second target group, where the tasks are after every second release; undefined for a service that is not released in steps. */
  readonly alternateTargetGroupArn?: string;
  /** Auto Scaling group of the instances for tasks; undefined where all tasks run on Fargate. */
  readonly autoScalingGroupName?: string;
  /** Undefined where the environment has no HTTP API. */
  readonly httpApi?: HttpApiAddress & { readonly authorization: string };
  /** Undefined where the environment has no WebSocket API. */
  readonly webSocketApi?: WebSocketApiAddress & { readonly tableName: string; readonly tickerFunctionName: string };
  /** Undefined where the environment has no Kubernetes cluster. */
  readonly cluster?: ClusterOutputs;
}

export interface ClusterOutputs {
  readonly stackName: string;
  readonly clusterName: string;
  readonly targetGroupArn: string;
}

/** @throws if a stack or an output is missing */
export async function readOutputs(environmentId: string, region: string): Promise<Outputs> {
  const client = new CloudFormationClient({ region });
  const [api, quotes, containers, http, sessions, cluster] = await Promise.all([
    outputsOf(client, `Kumiki-${environmentId}-RestApi`),
    outputsOf(client, `Kumiki-${environmentId}-Function`),
    outputsOf(client, `Kumiki-${environmentId}-Containers`),
    ifDeployed(outputsOf(client, `Kumiki-${environmentId}-HttpApi`)),
    ifDeployed(outputsOf(client, `Kumiki-${environmentId}-WebSocketApi`)),
    ifDeployed(outputsOf(client, `Kumiki-${environmentId}-Kubernetes`)),
  ]);
  return {
    restApiId: api('RestApiId'),
    stageName: api('StageName'),
    url: api('Url'),
    cacheEnabled: api('CacheEnabled') === 'true',
    functionName: quotes('FunctionName'),
    liveAliasArn: quotes('LiveAliasArn'),
    onDemandAliasArn: quotes('OnDemandAliasArn'),
    targetGroupArns: containers('TargetGroupArn').split(','),
    alternateTargetGroupArn: containers.optional('AlternateTargetGroupArn'),
    autoScalingGroupName: containers.optional('AutoScalingGroupName'),
    httpApi: http && {
      httpApiId: http('HttpApiId'),
      stageName: http('StageName'),
      url: http('Url'),
      authorization: http('Authorization'),
    },
    webSocketApi: sessions && {
      webSocketApiId: sessions('WebSocketApiId'),
      url: sessions('WebSocketUrl'),
      tableName: sessions('TableName'),
      tickerFunctionName: sessions('TickerFunctionName'),
    },
    cluster: cluster && {
      stackName: `Kumiki-${environmentId}-Kubernetes`,
      clusterName: cluster('ClusterName'),
      targetGroupArn: cluster('TargetGroupArn'),
    },
  };
}

/** Resolves to undefined for a part without a stack. */
async function ifDeployed<T>(part: Promise<T>): Promise<T | undefined> {
  try {
    return await part;
  } catch (error) {
    if (error instanceof Error && error.message.includes('does not exist')) return undefined;
    throw error;
  }
}

async function outputsOf(client: CloudFormationClient, stackName: string) {
  const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
  const outputs = new Map(stack?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const required = (name: string): string => {
    const value = outputs.get(name);
    if (value === undefined) {
      const status = stack?.StackStatus ?? messages.noStatus;
      throw new Failure(messages.noOutput({ stack: stackName, status, name }));
    }
    return value;
  };
  return Object.assign(required, { optional: (name: string) => outputs.get(name) });
}
