import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { ECRClient } from '@aws-sdk/client-ecr';
import { ECSClient } from '@aws-sdk/client-ecs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { checkAccount, type Environments } from '../../lib/context';
import type { EnvironmentConfig } from '../../lib/environment-config';
import { serviceGroups } from '../../lib/services';
import { clientOptions } from '../kit/client';
import { Failure, type Text } from '../kit/language';
import { hintOf } from '../kit/options';
import { targetOf } from '../kit/target';
import type { Terminal } from '../kit/terminal';
import { promoteCommand } from './command';
import { contains, copy, digestOfTag, holds, listCommand, type Repository, type Scan, scanOf } from './images';
import { messages } from './messages';
import { imageOf, repositoryOf, running } from './running';

/** Severities for which an image is not promoted. */
const SEVERE = ['CRITICAL', 'HIGH'];

export interface Targets {
  readonly from?: EnvironmentConfig;
  readonly to: EnvironmentConfig;
  readonly digest?: string;
  /** Services that run an image by digest in `to`, and are meant. */
  readonly services: readonly string[];
  readonly acceptFindings: boolean;
}

export interface Promoted {
  readonly service: string;
  readonly digest: string;
}

export interface Flags {
  readonly from?: string;
  readonly to?: string;
  readonly digest?: string;
  readonly service?: string;
  readonly region?: string;
  readonly 'from-region'?: string;
  readonly 'accept-findings'?: boolean;
}

/** Where the lines go, and what ends the command. */
export type Listener = Pick<Terminal, 'say' | 'signal'>;

/** What the flags mean. @throws in one line, if they do not fit together */
export function targetsOf(flags: Flags, known: Environments): Targets {
  const { from, to, digest, service } = flags;
  const hint = hintOf(promoteCommand);
  if (to === undefined) throw new Failure(messages.missingTo({ hint }));
  if (from === undefined && digest === undefined) throw new Failure(messages.missingSource({ hint }));
  if (from === to) throw new Failure(messages.sameEnvironment({ name: to }));
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest)) throw new Failure(messages.badDigest({ digest }));
  for (const [flag, name] of [
    ['--to', to],
    ['--from', from ?? to],
  ] as const) {
    if (Object.hasOwn(known, name)) continue;
    const all = Object.keys(known);
    throw new Failure(messages.unknownEnvironment({ flag, name, known: all.join(', '), first: all[0] ?? '' }));
  }
  const config = targetOf({ environment: to, region: flags.region }, promoteCommand, {}, known);
  const byDigest = config.services.filter(({ image }) => image.from === 'digest').map(({ name }) => name);
  if (byDigest.length === 0) throw new Failure(messages.noDigestService({ environment: to }));
  if (service !== undefined && !byDigest.includes(service)) {
    throw new Failure(messages.noService({ environment: to, service, known: byDigest.join(', ') }));
  }
  if (digest !== undefined && service === undefined && byDigest.length > 1) {
    throw new Failure(messages.whichService({ environment: to, known: byDigest.join(', ') }));
  }
  return {
    from:
      from === undefined
        ? undefined
        : targetOf({ environment: from, region: flags['from-region'] }, promoteCommand, {}, known),
    to: config,
    digest,
    services: service === undefined ? byDigest : [service],
    acceptFindings: flags['accept-findings'] ?? false,
  };
}

/**
 * Brings the images into the repositories of the environment that shall run them. Changes nothing else.
 *
 * @returns the digest of each service
 * @throws if an image does not run, has findings, or is in no repository that these credentials can copy from; and if the
 * person interrupts the command, before the next layer or image is written
 */
export async function promote(targets: Targets, listener: Listener): Promise<Promoted[]> {
  const { from, to, services } = targets;
  const { Account: account = '' } = await new STSClient(clientOptions(to.region)).send(new GetCallerIdentityCommand());
  if (from === undefined) checkAccount(to, account);
  else checkAccount(from, account);
  const promoted: Promoted[] = [];
  for (const service of services) {
    const digest = await (from === undefined
      ? held(targets, service, listener)
      : copied(from, targets, service, account, listener));
    promoted.push({ service, digest });
  }
  return promoted;
}

/** Goes back, or forward, to an image that the repository holds. Its scan is shown, and does not stop the way back. */
async function held({ to, digest = '' }: Targets, service: string, { say }: Listener): Promise<string> {
  const repository = await repositoryIn(to, service);
  if (!(await holds(repository, digest))) {
    const command = listCommand(repository.name);
    throw new Failure(messages.notHeld({ repository: repository.name, digest, command }));
  }
  say(messages.present({ repository: repository.name, digest }));
  const scan = await scanOf(repository, digest);
  say(
    scan.done
      ? messages.scanned({ service, counts: countsOf(scan) })
      : messages.scanUnknown({ service, status: scan.status }),
  );
  return digest;
}

async function copied(
  from: EnvironmentConfig,
  { to, digest: given, acceptFindings }: Targets,
  service: string,
  account: string,
  { say, signal }: Listener,
): Promise<string> {
  const cloudFormation = new CloudFormationClient(clientOptions(from.region));
  const uri = await imageOf(cloudFormation, from, service);
  const repositoryUri = uri.replace(/(?:@sha256:[0-9a-f]+|:[^:/@]+)$/, '');
  const source: Repository = {
    client: new ECRClient(clientOptions(from.region)),
    name: repositoryUri.split('/').slice(1).join('/'),
  };
  const digest = given ?? (await digestThatRuns(from, source, service, uri, repositoryUri, say));
  await checkScan(source, service, digest, acceptFindings, from, say);
  const tag = `promoted-${digest.slice('sha256:'.length, 'sha256:'.length + 12)}`;
  if (to.account !== undefined && to.account !== account) {
    throw new Failure(
      messages.otherAccount({
        to: to.id,
        account: to.account,
        own: account,
        source: source.name,
        uri: `${repositoryUri}@${digest}`,
        tag,
        digest,
        service,
      }),
    );
  }
  const target = await repositoryIn(to, service).catch((error: unknown) => {
    throw withoutRepository(error, to, digest);
  });
  if (await holds(target, digest)) {
    say(messages.present({ repository: target.name, digest }));
    return digest;
  }
  say(messages.copies({ digest, source: source.name, repository: target.name }));
  const counts = await copy(source, target, digest, { tag, signal });
  if (!(await holds(target, digest))) throw new Failure(messages.wrongDigest({ digest, found: '-' }));
  say(messages.copied({ repository: target.name, tag, ...counts }));
  return digest;
}

async function digestThatRuns(
  from: EnvironmentConfig,
  source: Repository,
  service: string,
  uri: string,
  repositoryUri: string,
  say: (text: Text) => void,
): Promise<string> {
  const names = { service, environment: from.id };
  const clusters = await clustersOf(from, service);
  const { digest, tasks } = await running(
    new ECSClient(clientOptions(from.region)),
    { clusters, repositoryUri },
    names,
  );
  say(messages.runs({ ...names, digest, tasks }));
  // For an image of several architectures, a task names the one that it runs. The index, which the stack names, is promoted.
  const [, deployed] = /@(sha256:[0-9a-f]{64})$/.exec(uri) ?? [];
  const index = deployed ?? (await digestOfTag(source, uri.slice(repositoryUri.length + 1)));
  return index !== undefined && (await contains(source, index, digest)) ? index : digest;
}

/** Clusters on ECS that run the service: with both kinds of capacity there are two. */
async function clustersOf(config: EnvironmentConfig, service: string): Promise<string[]> {
  const client = new CloudFormationClient(clientOptions(config.region));
  const group = serviceGroups(config.services).find(({ services }) => services.some(({ name }) => name === service));
  const StackName = `Kumiki-${config.id}-Containers${group?.suffix ?? ''}`;
  const found: string[] = [];
  for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName })) {
    for (const { ResourceType, PhysicalResourceId } of StackResourceSummaries) {
      if (ResourceType === 'AWS::ECS::Cluster' && PhysicalResourceId !== undefined) found.push(PhysicalResourceId);
    }
  }
  return found;
}

async function repositoryIn(config: EnvironmentConfig, service: string): Promise<Repository> {
  const name = await repositoryOf(new CloudFormationClient(clientOptions(config.region)), config, service);
  return { client: new ECRClient(clientOptions(config.region)), name };
}

/** The error, with the way to the first deployment if the repository does not exist yet. */
function withoutRepository(error: unknown, { id, region, services }: EnvironmentConfig, digest: string): unknown {
  const [, stack, name] = /Stack with id (Kumiki-.+-(Registry\d*)) does not exist/.exec(String(error)) ?? [];
  if (stack === undefined) return error;
  // The app refuses another digest than that of the file, such as one of a promotion in another region.
  const isPromoted = services.some(({ image }) => image.from === 'digest' && image.digest !== undefined);
  const option = isPromoted ? '' : ` -c imageDigest=${digest}`;
  const command = `npx cdk deploy ${id}/${name} -c environment=${id} -c region=${region}${option}`;
  return new Failure(messages.noRepository({ stack, command }), { cause: error });
}

/** @throws if the image has severe findings or no finished scan, unless the user accepts that */
async function checkScan(
  source: Repository,
  service: string,
  digest: string,
  accepted: boolean,
  from: EnvironmentConfig,
  say: (text: Text) => void,
): Promise<void> {
  const scan = await scanOf(source, digest);
  if (!scan.done) {
    if (!accepted) throw new Failure(messages.noScan({ service, status: scan.status }));
    say(messages.scanUnknown({ service, status: scan.status }));
    return;
  }
  const counts = countsOf(scan);
  if (SEVERE.some((severity) => (scan.counts[severity] ?? 0) > 0) && !accepted) {
    const command =
      `aws ecr describe-image-scan-findings --repository-name ${source.name} --image-id imageDigest=${digest} ` +
      `--region ${from.region}`;
    throw new Failure(messages.findings({ service, counts, command }));
  }
  say(messages.scanned({ service, counts }));
}

function countsOf({ counts }: Scan): Text | string {
  const found = Object.entries(counts).filter(([, count]) => count > 0);
  return found.length === 0 ? messages.noFindings : found.map(([severity, count]) => `${count} ${severity}`).join(', ');
}
