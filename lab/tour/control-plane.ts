import { APIGatewayClient, GetStageCommand } from '@aws-sdk/client-api-gateway';
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeTargetHealthCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetProvisionedConcurrencyConfigCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { pathTo, routes } from '../../domain/routes';
import { Outputs } from './outputs';
import { objectOf } from './request';

/** State of a deployment as AWS's APIs report it. */
export interface ControlPlane {
  /** Settings of the cached methods of the stage, by path and method. */
  cachedMethods(): Promise<Readonly<Record<string, { readonly encrypted: boolean; readonly guarded: boolean }>>>;
  /** Provisioned concurrency of the live alias; undefined if the alias has none. */
  provisionedConcurrency(): Promise<ProvisionedConcurrency | undefined>;
  /** Invokes the on-demand alias as the REST API does for a quote. */
  invokeOnDemand(): Promise<{ readonly status: unknown; readonly initializationType: unknown; readonly text: string }>;
  /** States of the targets of the container service, by kind of capacity. */
  targetStates(): Promise<readonly (readonly string[])[]>;
  /** Number of the container service's instances that are in service. */
  instancesInService(): Promise<number>;
}

export interface ProvisionedConcurrency {
  readonly status: string;
  readonly reason?: string;
  readonly available: number;
  readonly requested: number;
}

export function controlPlane(outputs: Outputs, region: string): ControlPlane {
  const lambda = new LambdaClient({ region });
  return {
    async cachedMethods() {
      const { restApiId, stageName } = outputs;
      const stage = await new APIGatewayClient({ region }).send(new GetStageCommand({ restApiId, stageName }));
      const cached = Object.entries(stage.methodSettings ?? {}).filter(([, settings]) => settings.cachingEnabled);
      return Object.fromEntries(
        cached.map(([method, settings]) => [
          method,
          {
            encrypted: settings.cacheDataEncrypted ?? false,
            guarded: settings.requireAuthorizationForCacheControl ?? false,
          },
        ]),
      );
    },
    async provisionedConcurrency() {
      const Qualifier = outputs.liveAliasArn.split(':').at(-1);
      const command = new GetProvisionedConcurrencyConfigCommand({ FunctionName: outputs.functionName, Qualifier });
      try {
        const state = await lambda.send(command);
        return {
          status: state.Status ?? 'unknown',
          reason: state.StatusReason,
          available: state.AvailableProvisionedConcurrentExecutions ?? 0,
          requested: state.RequestedProvisionedConcurrentExecutions ?? 0,
        };
      } catch (error) {
        if (error instanceof Error && error.name === 'ProvisionedConcurrencyConfigNotFoundException') return undefined;
        throw error;
      }
    },
    async invokeOnDemand() {
      const event = {
        httpMethod: 'GET',
        path: pathTo('quote', 'KUMI'),
        resource: routes.quote.path,
        pathParameters: { symbol: 'KUMI' },
      };
      const { Payload } = await lambda.send(
        new InvokeCommand({ FunctionName: outputs.onDemandAliasArn, Payload: JSON.stringify(event) }),
      );
      const text = Buffer.from(Payload ?? []).toString();
      const { statusCode, headers } = objectOf(text);
      const initializationType = objectOf(JSON.stringify(headers ?? {}))['initialization-type'];
      return { status: statusCode, initializationType, text };
    },
    async targetStates() {
      const client = new ElasticLoadBalancingV2Client({ region });
      const statesIn = async (TargetGroupArn: string) => {
        const { TargetHealthDescriptions = [] } = await client.send(
          new DescribeTargetHealthCommand({ TargetGroupArn }),
        );
        return TargetHealthDescriptions.map(({ TargetHealth }) => TargetHealth?.State ?? 'unknown');
      };
      const groups = await Promise.all(outputs.targetGroupArns.map(statesIn));
      const { alternateTargetGroupArn: alternate } = outputs;
      // A service that releases in steps has its tasks in one of two groups, and has one kind of capacity.
      return alternate === undefined ? groups : [[...groups.flat(), ...(await statesIn(alternate))]];
    },
    async instancesInService() {
      const { AutoScalingGroups: [group] = [] } = await new AutoScalingClient({ region }).send(
        new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [outputs.autoScalingGroupName ?? ''] }),
      );
      return (group?.Instances ?? []).filter(({ LifecycleState }) => LifecycleState === 'InService').length;
    },
  };
}
