import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { Failure, type Words } from '../../ops/kit/language';
import { httpApiUrl, restApiUrl, webSocketUrl } from './address';
import { Capability, notModelled } from './capabilities';
import { Cluster, clusterOf } from './cluster';
import { ControlPlane, controlPlane } from './control-plane';
import { messages } from './messages';
import { readOutputs } from './outputs';
import { Get, requests } from './request';
import { Sessions, sessionsOf } from './session';

/** A deployed environment, as experiments use it. */
export interface Deployment {
  readonly environmentId: string;
  readonly region: string;
  /** Base URL of the REST API, without a slash at the end. */
  readonly restApi: string;
  /** Base URL of the HTTP API; undefined where no HTTP API accepts signed requests. */
  readonly httpApi?: string;
  /** Address of the WebSocket API; undefined where the environment has none. */
  readonly webSocketApi?: string;
  readonly targetGroupArns: readonly string[];
  /** Whether tasks run on EC2 instances, with or without Fargate beside them. */
  readonly instances: boolean;
  /** Whether the stage of the REST API has a cache. */
  readonly cache: boolean;
  /** Whether the live alias has provisioned concurrency. */
  readonly provisionedConcurrency: boolean;
  /** Features that the endpoint does not model, with its behaviour instead. */
  readonly notModelled: Readonly<Partial<Record<Capability, Words>>>;
  readonly get: Get;
  /** Sends a GET request to the HTTP API; undefined where `httpApi` is. */
  readonly getOverHttpApi?: Get;
  /** The WebSocket API; undefined where the environment has none. */
  readonly sessions?: Sessions;
  /** The Kubernetes cluster; undefined where the environment has none. */
  readonly cluster?: Cluster;
  /** Number of connections over which ticks are counted. @default 10 */
  readonly connections?: number;
  readonly controlPlane: ControlPlane;
}

/**
 * Finds the deployed parts of an environment by its stack outputs, on AWS or on the endpoint in `AWS_ENDPOINT_URL`.
 *
 * @throws if a stack is missing or AWS rejects the credentials; `explain` turns the error into one line
 */
export async function connect(environmentId: string, region: string): Promise<Deployment> {
  const endpoint = process.env.AWS_ENDPOINT_URL;
  const [outputs, credentials, records] = await Promise.all([
    readOutputs(environmentId, region),
    fromNodeProviderChain({ clientConfig: { region } })(),
    notModelled(endpoint),
  ]);
  const restApi = restApiUrl(outputs, endpoint);
  // An API with JWT authorization needs tokens of an issuer that this project does not operate.
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

/** Reads the number of connections from a command line. @throws unless it is 1 to 500, the quota of new connections a second */
export function connectionsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const connections = Number(text);
  if (Number.isInteger(connections) && connections >= 1 && connections <= 500) return connections;
  throw new Failure(messages.badConnections({ value: text }));
}
