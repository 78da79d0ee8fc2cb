import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeregisterTargetsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { Failure } from '../../ops/kit/language';
import { ownVariables } from '../kit/endpoint';
import { freePort } from '../kit/processes/free-port';
import { ProcessGroup } from '../kit/processes/process-group';
import { messages } from './messages';

export interface HistoryService {
  readonly port: number;
  /** Digest of the bundle that the service runs. */
  readonly digest: string;
  /** Resolves to the exit code when the service ends. */
  readonly exited: Promise<number>;
  /** Ends the service after its current requests, because another process has replaced it. */
  replace(): void;
  readonly replaced: boolean;
}

/** Milliseconds until the service has to be ready. */
const READY_TIMEOUT = 15_000;

/**
 * Starts the bundled container service as a process of this machine and waits until it is ready. The process replaces the
 * tasks, which the endpoint only records.
 *
 * @throws if the service ends or is not ready in time, with the path of the log
 */
export async function startHistoryService(bundle: string, servedBy: string, log: string): Promise<HistoryService> {
  const port = await freePort();
  const group = new ProcessGroup(process.execPath, [bundle], {
    log,
    env: { ...ownVariables(), HOST: '127.0.0.1', PORT: String(port), SERVED_BY: servedBy },
  });
  let ended: number | undefined;
  group.exited.then((code) => {
    ended = code;
  });
  const deadline = Date.now() + READY_TIMEOUT;
  while (!(await isReady(port))) {
    if (ended !== undefined) throw new Failure(messages.serviceEndedEarly({ code: ended, log }));
    if (Date.now() > deadline) {
      group.end();
      throw new Failure(messages.serviceNotReady({ log }));
    }
    await sleep(30);
  }
  let replaced = false;
  return {
    port,
    digest: digestOf(bundle),
    exited: group.exited,
    replace: () => {
      replaced = true;
      group.stop();
    },
    get replaced() {
      return replaced;
    },
  };
}

/** The part of a deployment that the service needs. */
export interface Served {
  readonly environmentId: string;
  readonly targetGroupArns: readonly string[];
}

/**
 * Makes the service the only target of the deployment's target groups. A new process replaces `current` if the bundle has
 * changed. A `current` process with the same bundle is registered again, because target groups may be new and empty.
 *
 * @throws like `startHistoryService`, or if the registration fails; `current` then goes on serving
 */
export async function serve(
  { environmentId, targetGroupArns }: Served,
  bundle: string,
  log: string,
  current?: HistoryService,
): Promise<HistoryService> {
  const same = current?.digest === digestOf(bundle) ? current : undefined;
  const service = same ?? (await startHistoryService(bundle, environmentId, log));
  try {
    await Promise.all(targetGroupArns.map((arn) => registerTarget(arn, service.port)));
  } catch (error) {
    if (service !== current) service.replace();
    throw error;
  }
  if (service !== current) current?.replace();
  return service;
}

/** Makes the service the only target of the target group, through the API that ECS uses. */
async function registerTarget(targetGroupArn: string, port: number): Promise<void> {
  const client = new ElasticLoadBalancingV2Client();
  const target = { Id: '127.0.0.1', Port: port };
  const { TargetHealthDescriptions = [] } = await client.send(
    new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn }),
  );
  const old = TargetHealthDescriptions.flatMap(({ Target }) => (Target && Target.Port !== port ? [Target] : []));
  // The new target is registered first, because the load balancer answers 503 without a target.
  await client.send(new RegisterTargetsCommand({ TargetGroupArn: targetGroupArn, Targets: [target] }));
  if (old.length > 0) await client.send(new DeregisterTargetsCommand({ TargetGroupArn: targetGroupArn, Targets: old }));
}

function digestOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

async function isReady(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(1_000) });
    return response.ok;
  } catch {
    return false;
  }
}
