import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { httpApiUrl, restApiUrl, webSocketUrl } from './address';
import { Capability, notModelled } from './capabilities';
import { Cluster, clusterOf } from './cluster';
import { ControlPlane, controlPlane } from './control-plane';
import { readOutputs } from './outputs';
import { Get, requests } from './request';
import { Sessions, sessionsOf } from './session';

/** An environment that is deployed, as experiments see it. */
export interface Deployment {
  readonly environmentId: string;
  readonly region: string;
  /** Base URL of the REST API, without a slash at the end. */
  readonly restApi: string;
  /** Base URL of the HTTP API, likewise; undefined where there is none that takes signed requests. */
  readonly httpApi?: string;
  /** Address of the WebSocket API; undefined where there is none. */
  readonly webSocketApi?: string;
  readonly targetGroupArns: readonly string[];
  /** Whether tasks run on EC2 instances, too or only. */
  readonly instances: boolean;
  /** Whether the stage of the REST API has a cache. */
  readonly cache: boolean;
  /** Whether the live alias asks for provisioned concurrency. */
  readonly provisionedConcurrency: boolean;
  /** What the endpoint does not model, and what it does instead. */
  readonly notModelled: Readonly<Partial<Record<Capability, string>>>;
  readonly get: Get;
  /** The same to the HTTP API. */
  readonly getOverHttpApi?: Get;
  /** The WebSocket API; undefined where there is none. */
  readonly sessions?: Sessions;
  /** The Kubernetes cluster; undefined where there is none. */
  readonly cluster?: Cluster;
  /** Connections among which ticks are counted. @default few */
  readonly connections?: number;
  readonly controlPlane: ControlPlane;
}

/**
 * Finds what is deployed of an environment, by its stack outputs alone: on AWS, or on the endpoint that
 * `AWS_ENDPOINT_URL` names.
 *
 * @throws if a stack is missing or the credentials do not do; `explain` makes one line of it
 */
export async function connect(environmentId: string, region: string): Promise<Deployment> {
  const endpoint = process.env.AWS_ENDPOINT_URL;
  const [outputs, credentials, records] = await Promise.all([
    readOutputs(environmentId, region),
    fromNodeProviderChain({ clientConfig: { region } })(),
    notModelled(endpoint),
  ]);
  const restApi = restApiUrl(outputs, endpoint);
  // Tokens for an API that wants them come from an issuer that is not ours.
  const httpApi = outputs.httpApi?.authorization === 'IAM' ? httpApiUrl(outputs.httpApi, endpoint) : undefined;
  const webSocketApi = outputs.webSocketApi && webSocketUrl(outputs.webSocketApi, endpoint);
  const plane = controlPlane(outputs, region);
  return {
    environmentId,
    region,
    restApi,
    httpApi,
    webSocketApi,
    targetGroupArns: outputs.targetGroupArns,
    instances: outputs.autoScalingGroupName !== undefined,
    cache: outputs.cacheEnabled,
    provisionedConcurrency: (await plane.provisionedConcurrency()) !== undefined,
    notModelled: records,
    get: requests(restApi, { ...credentials, region }),
    getOverHttpApi: httpApi === undefined ? undefined : requests(httpApi, { ...credentials, region }),
    sessions:
      outputs.webSocketApi && webSocketApi !== undefined
        ? sessionsOf(outputs.webSocketApi, webSocketApi, { ...credentials, region })
        : undefined,
    cluster: outputs.cluster && clusterOf(outputs.cluster, region),
    controlPlane: plane,
  };
}

/** Connections as given on a command line. @throws unless it is a whole number of 1 to 500, which an account may open a second */
export function connectionsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const connections = Number(text);
  if (Number.isInteger(connections) && connections >= 1 && connections <= 500) return connections;
  throw new Error(
    `--connections: must be a whole number from 1 to 500, got "${text}". Give one as in --connections 100.`,
  );
}
