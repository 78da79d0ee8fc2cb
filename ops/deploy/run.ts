import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { checkAccount } from '../../lib/context';
import type { EnvironmentConfig } from '../../lib/environment-config';
import { clientOptions } from '../kit/client';
import { explain } from '../kit/errors';
import { Failure, joined, type Text } from '../kit/language';
import { patiently } from '../kit/patience';
import { INTERRUPTED, type Terminal, untilAborted } from '../kit/terminal';
import type { PreflightResult } from '../preflight/preflight';
import { type AppStack, type Assembly, contextFlags, synthesize } from './app';
import { type Cdk, type CdkResult, errorOfAws, failureIn } from './cdk';
import { type Consent, checkConsent, confirmed } from './confirm';
import { messages } from './messages';
import { elapsed, Progress } from './progress';
import { type Cause, type DeployedStack, isInProgress, Stacks } from './stacks';

/** Stacks that the CLI deploys at the same time, where no stack waits for another. */
const CONCURRENCY = '4';

export interface DeployOptions extends Consent {
  /** Context for the CDK CLI, with `environment`. */
  readonly context: Readonly<Record<string, string>>;
  readonly skipPreflight: boolean;
  /** `--require-approval` of the CDK CLI. @default never, because this command asks itself */
  readonly requireApproval?: string;
  /** CloudFormation's express mode. @default false */
  readonly express?: boolean;
  /** Command of the app. @default that of cdk.json */
  readonly app?: string;
}

interface State {
  changing: boolean;
  /** Undefined where the CLI writes to the terminal itself. */
  progress?: Progress;
}

/** What a command needs from outside. */
export interface Surroundings extends Terminal {
  readonly cdk: Cdk;
  /** The command as the person typed it. */
  readonly command: string;
}

export interface DeploySurroundings extends Surroundings {
  /** Checks the account, and prints what it finds. */
  readonly preflight: (config: EnvironmentConfig, terminal: Terminal) => Promise<PreflightResult>;
}

/**
 * Deploys an environment with the CDK CLI.
 *
 * @returns the exit code
 * @throws in one line, if nothing was changed
 */
export async function deploy(
  config: EnvironmentConfig,
  options: DeployOptions,
  around: DeploySurroundings,
): Promise<number> {
  const { signal, say } = around;
  const stacks = new Stacks(config.id, config.region);
  const state: State = { changing: false };
  try {
    return await steps(config, options, around, stacks, state);
  } catch (error) {
    if (!signal.aborted) throw error;
    if (!state.changing) say(messages.interruptedBefore);
    else {
      const { underWay = [], preparing = [], hasBegun } = state.progress ?? {};
      const names = (parts: readonly string[]) => parts.map((part) => stacks.nameOf(part));
      const at = { begun: names(underWay), preparing: names(preparing), hasBegun };
      say(await interruption(stacks, config, { command: around.command, doing: 'deploy', ...at }));
    }
    return INTERRUPTED;
  }
}

async function steps(
  config: EnvironmentConfig,
  options: DeployOptions,
  around: DeploySurroundings,
  stacks: Stacks,
  state: State,
): Promise<number> {
  const { id, region, disposable } = config;
  const { signal, say, language, cdk } = around;
  if (options.express === true && !disposable) throw new Failure(messages.expressNotDisposable({ id }));
  checkConsent(config, options);
  const account = await patiently(untilAborted(signal, accountOf(config)));
  say(messages.target({ id, account, region }));
  if (options.skipPreflight) {
    say(messages.preflightSkipped);
  } else {
    const result = await untilAborted(signal, around.preflight(config, around));
    if (result.blocked) throw new Failure(refusalOf(result));
  }
  const assembly = await synthesized(cdk, options, signal);
  const existing = await patiently(untilAborted(signal, stacks.list()));
  for (const line of remarks(existing, assembly, config, options)) say(line);
  if (options.express === true) await refuseReplacement(cdk, assembly, signal);
  const number = assembly.stacks.filter(({ isEmpty }) => !isEmpty).length;
  await confirmed(config, options, {
    ask: around.ask,
    language,
    question: number === 1 ? messages.questionOfOne : messages.question({ number }),
  });
  signal.throwIfAborted();

  state.changing = true;
  const from = performance.now();
  const { requireApproval = 'never' } = options;
  // The CLI asks on the terminal, and only for one stack at a time.
  const asks = requireApproval !== 'never';
  const progress = new Progress(say, { cached: config.restApi.cache !== undefined, number });
  if (!asks) state.progress = progress;
  const result = await cdk(
    [
      'deploy',
      '--all',
      ...['--app', assembly.folder, '--require-approval', requireApproval],
      ...(asks ? [] : ['--progress', 'events', '--concurrency', CONCURRENCY]),
      // Without --rollback, a failure in express mode leaves a stack that `cdk rollback` cannot repair:
      // https://github.com/aws/aws-cdk-cli/issues/1739
      ...(options.express === true ? ['--express', '--rollback'] : []),
    ],
    { onLine: progress.onLine, onTerminal: asks },
  ).finally(() => progress.stop());
  signal.throwIfAborted();
  if (result.code !== 0) {
    await explainFailure(result, assembly, stacks, { config, options, around });
    return 1;
  }
  for (const [resource, type] of progress.notDeleted) say(messages.notDeleted({ resource, type, id, region }));
  say(messages.deployed({ elapsed: elapsed(from), id, region }));
  return 0;
}

/** A check that could not be made blocks as one that failed, but asks for another remedy. */
function refusalOf({ problems, unchecked, advisory }: PreflightResult): Text {
  if (unchecked === 0) return messages.preflightBlocks;
  const checks = unchecked === 1 ? messages.checkMissing : messages.checksMissing({ number: unchecked });
  // The table counts both.
  const missing = advisory === 0 ? checks : messages.alsoMissing({ checks, number: advisory });
  return problems === 0 ? messages.preflightUnchecked({ missing }) : messages.preflightBlocksAndUnchecked({ missing });
}

/**
 * The account of the credentials.
 *
 * @throws if the environment belongs to another account
 */
export async function accountOf(config: EnvironmentConfig): Promise<string> {
  const { Account } = await new STSClient(clientOptions(config.region)).send(new GetCallerIdentityCommand());
  checkAccount(config, Account);
  return Account ?? '';
}

export async function synthesized(
  cdk: Cdk,
  { app, context }: Pick<DeployOptions, 'app' | 'context'>,
  signal: AbortSignal,
): Promise<Assembly> {
  try {
    return await synthesize(cdk, [...(app === undefined ? [] : ['--app', app]), ...contextFlags(context)]);
  } finally {
    signal.throwIfAborted();
  }
}

/** What a person should know of the existing stacks. @throws if one of them admits no deployment */
function remarks(
  existing: readonly DeployedStack[],
  { stacks: ofApp }: Assembly,
  { id }: EnvironmentConfig,
  { context }: DeployOptions,
): Text[] {
  const flags = contextFlags(context).join(' ');
  return existing.flatMap((stack): Text[] => {
    const { name, status } = stack;
    const own = ofApp.find((each) => each.name === name);
    if (own === undefined) return [messages.notInApp({ stack: name })];
    if (own.isEmpty) return [messages.deletesPart({ stack: name })];
    if (isInProgress(stack)) return [messages.stillBusy({ stack: name, status })];
    if (status === 'ROLLBACK_COMPLETE') return [messages.createdAgain({ stack: name, status })];
    if (status === 'UPDATE_ROLLBACK_FAILED') {
      const wayOut = messages.rollBackFirst({ displayName: own.displayName, context: flags });
      throw new Failure(messages.stuck({ stack: name, status, wayOut }));
    }
    if (status === 'DELETE_FAILED' || status === 'ROLLBACK_FAILED') {
      const wayOut = messages.destroyFirst({ id, flags: withoutEnvironment(context) });
      throw new Failure(messages.stuck({ stack: name, status, wayOut }));
    }
    return [];
  });
}

/** Context of a command that has `--environment`, with a space before it. */
export function withoutEnvironment({ environment: _, ...context }: Readonly<Record<string, string>>): string {
  return contextFlags(context)
    .map((flag) => ` ${flag}`)
    .join('');
}

/** @throws if the deployment would replace or delete a resource, which express mode cannot roll back */
async function refuseReplacement(cdk: Cdk, { folder }: Assembly, signal: AbortSignal): Promise<void> {
  const { code, lines } = await cdk(['diff', '--app', folder, '--method', 'template', '--fail-on', 'destructive']);
  signal.throwIfAborted();
  if (code === 0) return;
  const reason = lines.find((line) => /replace|destroy|orphan/i.test(line))?.trim() ?? failureIn(lines) ?? '';
  throw new Failure(messages.expressReplaces({ reason }));
}

/** Prints the cause of a failure in one line, and the way out. */
async function explainFailure(
  { lines }: CdkResult,
  { stacks: ofApp }: Assembly,
  stacks: Stacks,
  { config, options, around }: { config: EnvironmentConfig; options: DeployOptions; around: Surroundings },
): Promise<void> {
  const { say, signal } = around;
  const failed = failedStacks(lines, ofApp);
  const details = (of: readonly AppStack[]) => {
    if (of.length === 0) return;
    const displayName = of.map((stack) => stack.displayName).join(' ');
    say(messages.diagnose({ displayName, context: contextFlags(options.context).join(' ') }));
  };
  let cause: Cause | undefined;
  try {
    for (const { name } of failed) cause ??= await untilAborted(signal, stacks.cause(name));
  } catch (error) {
    if (signal.aborted) throw error;
    // An expired session, for example: the CLI failed because of it, too.
    say(explain(error, config.id, config.region));
    say(messages.again);
    details(failed);
    return;
  }
  if (cause !== undefined) {
    say(messages.failed({ ...cause }));
    say(messages.wayOut);
    details(ofApp.filter(({ name }) => name === cause.stack));
    return;
  }
  for (const line of cliFailure(lines, config, failed)) say(line);
  // Without bootstrap, no stack has details.
  if (accountWithoutBootstrap(lines) === undefined) details(failed);
}

/** The account, if the CLI failed because its bootstrap stack or the bucket of that stack is missing. */
function accountWithoutBootstrap(lines: readonly string[]): string | undefined {
  const about = /Is account (\d+) bootstrapped|aws:\/\/(\d+)\/[\w-]+\. Has the environment been bootstrapped/;
  const [, ofBucket, ofVersion] = about.exec(lines.join('\n')) ?? [];
  return ofBucket ?? ofVersion;
}

/**
 * Why the CLI failed where CloudFormation has no failed resource, and the way out.
 *
 * @param failed stacks at which the CLI failed, as far as its output says so
 */
export function cliFailure(
  lines: readonly string[],
  { id, region }: EnvironmentConfig,
  failed: readonly { readonly name: string }[],
): Text[] {
  const reason = failureIn(lines) ?? '';
  const account = accountWithoutBootstrap(lines);
  if (account !== undefined) {
    return [messages.notBootstrapped({ reason, command: `npx cdk bootstrap aws://${account}/${region}` })];
  }
  const error = errorOfAws(lines);
  const text = error === undefined ? reason : explain(error, id, region);
  const values = { stacks: joined(failed.map(({ name }) => name)), reason: text };
  const at = failed.length === 1 ? messages.failedAt(values) : messages.failedAtOneOf(values);
  return [
    failed.length === 0 ? messages.failedInCli({ reason: text }) : at,
    error === undefined ? messages.wayOut : messages.again,
  ];
}

/**
 * The stacks at which the CLI failed: those in the lines about a failure, or those that had begun and not ended. With several
 * stacks at the same time, the CLI does not always say whose error an error is.
 */
function failedStacks(lines: readonly string[], ofApp: readonly AppStack[]): AppStack[] {
  const named = (about: RegExp) => {
    const found = lines.filter((line) => about.test(line));
    return ofApp.filter(({ name }) => found.some((line) => new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(line)));
  };
  // ` ❌  sandbox/Network (Kumiki-sandbox-Network) failed: …`, `Kumiki-sandbox-Network: fail: No bucket named …`
  const failed = named(/failed|: fail: |Has the environment been bootstrapped/);
  if (failed.length > 0) return failed;
  const ended = named(/✅/);
  return named(/deploying\.\.\.|creating CloudFormation changeset/).filter((stack) => !ended.includes(stack));
}

/** A command at the moment of Ctrl-C. */
interface Interrupted {
  readonly command: string;
  readonly doing: 'deploy' | 'destroy';
  /** Stacks that the command has begun with and not ended. Its request to AWS may still be under way. */
  readonly begun: readonly string[];
  /** Stacks for which the command only wants a change set so far. */
  readonly preparing?: readonly string[];
  /** Whether it has begun with any stack; undefined where that is not known. */
  readonly hasBegun?: boolean;
}

/** What to say after Ctrl-C: which stacks AWS changes, or may still change. */
export async function interruption(
  stacks: Stacks,
  { id, region }: EnvironmentConfig,
  { command, doing, begun, preparing = [], hasBegun }: Interrupted,
): Promise<Text> {
  try {
    const existing = await stacks.list();
    const busy = existing.filter(isInProgress);
    const isBusy = (name: string) => busy.some((stack) => stack.name === name);
    const isDeployment = doing === 'deploy';
    const reviews = existing.filter(
      ({ name, status }) => isDeployment && status === 'REVIEW_IN_PROGRESS' && !begun.includes(name),
    );
    const open = begun.filter(
      (name) => !isBusy(name) && (isDeployment || existing.some((stack) => stack.name === name)),
    );
    const prepared = preparing.filter((name) => !isBusy(name) && !reviews.some((stack) => stack.name === name));
    const partsOf = (names: readonly string[]) => joined(names.map((name) => name.slice(stacks.nameOf('').length)));
    const mayBeChanged = isDeployment ? messages.mayBeDeployed : messages.mayBeDeleted;
    const states = [
      ...(busy.length > 0 ? [messages.busyWith({ stacks: joined(busy.map(nameAndStatus)) })] : []),
      ...(busy.length === 0 && hasBegun === false ? [messages.beforeFirstPart] : []),
      ...(reviews.length > 0 ? [messages.onlyChangeSet({ stacks: joined(reviews.map(({ name }) => name)) })] : []),
      ...(prepared.length > 0 ? [messages.mayGetChangeSet({ parts: partsOf(prepared) })] : []),
      ...(open.length > 0 ? [mayBeChanged({ parts: partsOf(open) })] : []),
    ];
    const none = hasBegun === undefined ? messages.noneBusy : messages.betweenParts;
    const state = joined(states.length === 0 ? [none] : states, { en: ' ', ja: '' });
    return messages.interrupted({ state, command });
  } catch (error) {
    return messages.interruptedUnknown({ reason: oneLine(explain(error, id, region)), command });
  }
}

function nameAndStatus({ name, status }: DeployedStack): string {
  return `${name} (${status})`;
}

function oneLine({ en, ja }: Text): Text {
  return { en: en.replace(/\.$/, ''), ja: ja.replace(/。$/, '') };
}
