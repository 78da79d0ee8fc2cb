import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { checkAccount } from '../../lib/context';
import type { EnvironmentConfig } from '../../lib/environment-config';
import { explain } from '../kit/errors';
import { Failure, joined, type Language, type Text } from '../kit/language';
import { type AppStack, type Assembly, contextFlags, synthesize, untilAborted } from './app';
import { type Cdk, type CdkResult, failureIn } from './cdk';
import { type Ask, type Consent, confirmed } from './confirm';
import { messages } from './messages';
import { elapsed, Progress } from './progress';
import { type Cause, type DeployedStack, isInProgress, RETRIES, Stacks } from './stacks';

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

/** What a command needs from outside. */
export interface Surroundings {
  readonly say: (text: Text) => void;
  readonly ask: Ask;
  readonly cdk: Cdk;
  /** Aborts when the person interrupts the command. */
  readonly signal: AbortSignal;
  readonly language: Language;
  /** The command as the person typed it. */
  readonly command: string;
}

export interface DeploySurroundings extends Surroundings {
  /** Checks the account, and prints what it finds. */
  readonly preflight: (config: EnvironmentConfig, language: Language) => Promise<{ readonly blocked: boolean }>;
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
  const state = { changing: false };
  try {
    return await steps(config, options, around, stacks, state);
  } catch (error) {
    if (!signal.aborted) throw error;
    say(state.changing ? await interruption(stacks, config, around.command) : messages.interruptedBefore);
    return 130;
  }
}

async function steps(
  config: EnvironmentConfig,
  options: DeployOptions,
  around: DeploySurroundings,
  stacks: Stacks,
  state: { changing: boolean },
): Promise<number> {
  const { id, region, disposable } = config;
  const { signal, say, language, cdk } = around;
  if (options.express === true && !disposable) throw new Failure(messages.expressNotDisposable({ id }));
  const account = await untilAborted(signal, accountOf(config));
  say(messages.target({ id, account, region }));
  if (options.skipPreflight) {
    say(messages.preflightSkipped);
  } else {
    const { blocked } = await untilAborted(signal, around.preflight(config, language));
    if (blocked) throw new Failure(messages.preflightBlocks);
  }
  const assembly = await synthesized(cdk, options, signal);
  const existing = await untilAborted(signal, stacks.list());
  for (const line of remarks(existing, assembly, config, options)) say(line);
  if (options.express === true) await refuseReplacement(cdk, assembly, signal);
  const number = assembly.stacks.filter(({ isEmpty }) => !isEmpty).length;
  await confirmed(config, options, { ask: around.ask, language, question: messages.question({ number }) });
  signal.throwIfAborted();

  state.changing = true;
  const from = performance.now();
  const { requireApproval = 'never' } = options;
  // The CLI asks on the terminal, and only for one stack at a time.
  const asks = requireApproval !== 'never';
  const progress = new Progress(say, config.restApi.cache !== undefined);
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

/**
 * The account of the credentials.
 *
 * @throws if the environment belongs to another account
 */
export async function accountOf(config: EnvironmentConfig): Promise<string> {
  const { Account } = await new STSClient({ region: config.region, ...RETRIES }).send(new GetCallerIdentityCommand());
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
  let cause: Cause | undefined;
  try {
    for (const { name } of failed) cause ??= await untilAborted(signal, stacks.cause(name));
  } catch (error) {
    if (signal.aborted) throw error;
    // An expired session, for example: the CLI failed because of it, too.
    say(explain(error, config.id, config.region));
    say(messages.again);
    return;
  }
  say(cause ? messages.failed({ ...cause }) : cliFailure(lines, config));
  say(messages.wayOut);
  const first = ofApp.find(({ name }) => name === cause?.stack) ?? failed[0];
  if (first === undefined) return;
  say(messages.diagnose({ displayName: first.displayName, context: contextFlags(options.context).join(' ') }));
}

/** Why the CLI failed where CloudFormation has no failed resource. */
export function cliFailure(lines: readonly string[], { id, region }: EnvironmentConfig): Text {
  const reason = failureIn(lines) ?? '';
  const name = /ExpiredToken|TokenRefreshRequired|UnrecognizedClient|InvalidClientTokenId/.exec(lines.join('\n'))?.[0];
  if (name !== undefined) return explain(Object.assign(new Error(reason), { name }), id, region);
  return messages.failedInCli({ reason });
}

/** ` ❌  sandbox/Network (Kumiki-sandbox-Network) failed: …` */
function failedStacks(lines: readonly string[], ofApp: readonly AppStack[]): AppStack[] {
  const failures = lines.filter((line) => line.includes('failed'));
  return ofApp.filter(({ name }) => failures.some((line) => line.includes(`${name} `) || line.includes(`${name})`)));
}

/** What to say after Ctrl-C: which stacks AWS still changes. */
export async function interruption(stacks: Stacks, { id, region }: EnvironmentConfig, command: string): Promise<Text> {
  try {
    const busy = (await stacks.list()).filter(isInProgress).map(({ name, status }) => `${name} (${status})`);
    if (busy.length === 0) return messages.interruptedIdle({ command });
    return messages.interruptedBusy({ stacks: joined(busy), command });
  } catch (error) {
    return messages.interruptedUnknown({ reason: oneLine(explain(error, id, region)), command });
  }
}

function oneLine({ en, ja }: Text): Text {
  return { en: en.replace(/\.$/, ''), ja: ja.replace(/。$/, '') };
}
