import { setTimeout as sleep } from 'node:timers/promises';
import { alarmsOf, type EnvironmentConfig } from '../../lib/environment-config';
import { hasPart, OPTIONAL_PARTS } from '../../lib/optional-parts';
import { type Assembly, contextFlags } from '../deploy/app';
import { type Consent, checkConsent, confirmed } from '../deploy/confirm';
import { messages as deployMessages } from '../deploy/messages';
import { inOrderOfDeletion } from '../deploy/parts';
import { elapsed } from '../deploy/progress';
import { accountOf, cliFailure, interruption, type Surroundings, synthesized } from '../deploy/run';
import { type Cause, type DeployedStack, Stacks } from '../deploy/stacks';
import { concernsAll, explain, isDenied } from '../kit/errors';
import { Failure, joined, type Text } from '../kit/language';
import { patiently } from '../kit/patience';
import { INTERRUPTED, untilAborted } from '../kit/terminal';
import { PARTS } from './command';
import { Functions } from './detach';
import { Interfaces } from './interfaces';
import { losses } from './losses';
import { messages } from './messages';

/** Stacks of a group that the CLI deletes at the same time. */
const CONCURRENCY = '4';
/** Attempts to delete a stack that a released network interface blocked. */
const ATTEMPTS = 3;
/** Milliseconds between two lines about what takes long. */
const STILL_INTERVAL = 60_000;
/** Milliseconds to wait for an interface that blocks a stack. AWS and others report 20 to 35 minutes (docs/troubleshooting.md). */
const INTERFACE_TIMEOUT = 40 * 60_000;
/** A deletion that waits for an interface fails with one of these. */
const IN_THE_WAY = /dependent object|has dependencies|DependencyViolation|network interface/i;
/** The stack whose functions are in the VPC. */
const FUNCTION_PART = 'Function';

export interface DestroyOptions extends Consent {
  /** Context for the CDK CLI, with `environment`. */
  readonly context: Readonly<Record<string, string>>;
  /** Property of the only part to delete. @default every part */
  readonly part?: string;
  /** Command of the app. @default that of cdk.json */
  readonly app?: string;
}

export interface DestroySurroundings extends Surroundings {
  /** Milliseconds between two questions to AWS. @default 5000 */
  readonly pause?: number;
}

interface State {
  changing: boolean;
  detached: boolean;
  /** Names of the stacks that are being deleted. */
  begun: readonly string[];
  /** Whether a stack is being deleted or was; undefined while functions leave the VPC. */
  hasBegun: boolean | undefined;
}

/**
 * Deletes the stacks of an environment with the CDK CLI, and stacks that the app no longer has with CloudFormation.
 *
 * @returns the exit code
 * @throws in one line, if nothing was deleted
 */
export async function destroy(
  config: EnvironmentConfig,
  options: DestroyOptions,
  around: DestroySurroundings,
): Promise<number> {
  const { say, signal, command } = around;
  const stacks = new Stacks(config.id, config.region);
  const state: State = { changing: false, detached: false, begun: [], hasBegun: false };
  try {
    return await new Destruction(config, options, around, stacks, state).run();
  } catch (error) {
    if (!signal.aborted) {
      if (!state.changing) throw error;
      // An expired session in the middle, for example.
      say(explain(error, config.id, config.region));
      say(deployMessages.again);
      return 1;
    }
    const { changing, begun, hasBegun } = state;
    say(
      changing
        ? await interruption(stacks, config, { command, begun, hasBegun, doing: 'destroy' })
        : deployMessages.interruptedBefore,
    );
    if (state.detached) say(messages.detached({ context: contextFlags(options.context).join(' ') }));
    return INTERRUPTED;
  }
}

class Destruction {
  private readonly from = performance.now();
  private readonly pause: number;
  private interfaces: Interfaces;
  private left = 0;

  constructor(
    private readonly config: EnvironmentConfig,
    private readonly options: DestroyOptions,
    private readonly around: DestroySurroundings,
    private readonly stacks: Stacks,
    private readonly state: State,
  ) {
    this.pause = around.pause ?? 5_000;
    this.interfaces = new Interfaces(config.region, []);
  }

  async run(): Promise<number> {
    const { config, options, around } = this;
    const { say, signal } = around;
    const { id, region } = config;
    const part = partOf(config, options.part);
    checkConsent(config, options);
    const account = await patiently(untilAborted(signal, accountOf(config)));
    say(deployMessages.target({ id, account, region }));
    const existing = (await patiently(untilAborted(signal, this.stacks.list()))).filter(
      (stack) => part === undefined || stack.part === part,
    );
    if (existing.length === 0) {
      say(messages.nothing({ stacks: this.stacks.nameOf(part ?? '*'), region, account }));
      return 0;
    }
    refuse(existing, config);
    const assembly = await synthesized(around.cdk, options, signal);
    const isInApp = ({ name }: DeployedStack) => assembly.stacks.some((own) => own.name === name);
    say(
      messages.stacks({
        stacks: joined(existing.map((each) => (isInApp(each) ? each.name : messages.notInApp({ stack: each.name })))),
      }),
    );
    for (const line of await untilAborted(signal, losses(this.stacks, existing))) say(line);
    const number = existing.length;
    const question = number === 1 ? messages.questionOfOne({ id }) : messages.question({ number, id });
    await confirmed(config, options, { ask: around.ask, language: around.language, question });
    signal.throwIfAborted();

    this.state.changing = true;
    // Before the stacks: a stack that is half deleted still has its security groups, a deleted one no longer lists them.
    this.interfaces = new Interfaces(region, await untilAborted(signal, this.groupsOf(existing)));
    for (const parts of inOrderOfDeletion(existing.map((each) => each.part))) {
      const group = existing.filter((each) => parts.includes(each.part));
      if (!(await this.deleteGroup(group, assembly))) return 1;
    }
    const time = elapsed(this.from);
    say(part === undefined ? messages.done({ elapsed: time, id, region }) : messages.donePart({ elapsed: time, part }));
    return 0;
  }

  private async groupsOf(existing: readonly DeployedStack[]): Promise<string[]> {
    const all = await Promise.all(existing.map(({ name }) => this.stacks.resources(name)));
    return all
      .flat()
      .flatMap(({ type, physicalId }) => (type === 'AWS::EC2::SecurityGroup' && physicalId !== '' ? [physicalId] : []));
  }

  /** Deletes stacks that may be deleted at the same time. @returns false where one of them failed for good */
  private async deleteGroup(group: readonly DeployedStack[], assembly: Assembly): Promise<boolean> {
    const { say } = this.around;
    for (const { part } of group) say(messages.begins({ part }));
    const from = performance.now();
    const functions = group.find(({ part }) => part === FUNCTION_PART);
    // While functions leave the VPC, Lambda changes them, though no stack is in progress.
    this.state.hasBegun = functions === undefined ? true : undefined;
    if (functions !== undefined) await this.detach(functions);
    this.around.signal.throwIfAborted();
    let rest = [...group];
    for (let attempt = 1; ; attempt++) {
      this.state.begun = rest.map(({ name }) => name);
      const lines = await this.whileDeletingInterfaces(rest, () => this.deleteOnce(rest, assembly));
      this.state.hasBegun = true;
      this.around.signal.throwIfAborted();
      const found = await Promise.all(rest.map(({ part }) => this.stacks.find(part)));
      const remaining = found.filter((stack) => stack !== undefined);
      this.state.begun = [];
      for (const { part } of rest) {
        if (!remaining.some((stack) => stack.part === part)) say(messages.ended({ part, elapsed: elapsed(from) }));
      }
      if (remaining.length === 0) return true;
      rest = remaining;
      const [cause] = (await Promise.all(remaining.map(({ name }) => this.stacks.cause(name)))).filter(
        (each) => each !== undefined,
      );
      if (attempt < ATTEMPTS && cause !== undefined && IN_THE_WAY.test(cause.reason) && (await this.released())) {
        say(messages.again({ part: remaining[0]?.part ?? '', reason: cause.reason.replace(/\.$/, '') }));
        continue;
      }
      await this.explain(cause, lines, remaining);
      return false;
    }
  }

  /** @returns the output of the CLI */
  private async deleteOnce(
    group: readonly DeployedStack[],
    { folder, stacks: ofApp }: Assembly,
  ): Promise<readonly string[]> {
    const names = group.flatMap(({ name }) => ofApp.find((own) => own.name === name)?.displayName ?? []);
    const others = group.filter(({ name }) => !ofApp.some((own) => own.name === name));
    await Promise.all(others.map(({ name }) => this.stacks.delete(name)));
    const result =
      names.length === 0
        ? undefined
        : await this.around.cdk([
            'destroy',
            ...names,
            ...['--exclusively', '--force', '--app', folder, '--concurrency', CONCURRENCY],
          ]);
    for (const { part } of others) await this.gone(part);
    return result === undefined || result.code === 0 ? [] : result.lines;
  }

  /** Waits until CloudFormation has deleted a stack, or failed. */
  private async gone(part: string): Promise<void> {
    const { signal } = this.around;
    for (;;) {
      const stack = await untilAborted(signal, this.stacks.find(part));
      if (stack === undefined || stack.status === 'DELETE_FAILED') return;
      await sleep(this.pause, undefined, { signal });
    }
  }

  private async detach({ name }: DeployedStack): Promise<void> {
    const { around, config } = this;
    const { say, signal } = around;
    const functions = new Functions(config.region, this.pause, signal);
    const names = (await untilAborted(signal, this.stacks.resources(name))).flatMap(({ type, physicalId, status }) =>
      type === 'AWS::Lambda::Function' && status !== 'DELETE_COMPLETE' ? [physicalId] : [],
    );
    for (const each of names) {
      try {
        if ((await untilAborted(signal, functions.inVpc([each]))).length === 0) continue;
        say(messages.detaching({ functions: each }));
        this.state.detached = true;
        await functions.detach(each);
      } catch (error) {
        if (signal.aborted || concernsAll(error)) throw error;
        // CloudFormation deletes the function all the same.
        say(messages.notDetached({ function: each, reason: withoutStop(explain(error, config.id, config.region)) }));
      }
    }
  }

  /** Deletes released interfaces as long as the work takes, and says every minute what it waits for. */
  private async whileDeletingInterfaces<T>(group: readonly DeployedStack[], work: () => Promise<T>): Promise<T> {
    const { say, signal } = this.around;
    const end = new AbortController();
    const still = setInterval(() => {
      const parts = joined(group.map(({ part }) => part));
      say(messages.still({ elapsed: elapsed(this.from), parts, interfaces: this.left }));
    }, STILL_INTERVAL);
    const both = AbortSignal.any([end.signal, signal]);
    const interfaces = this.deleteInterfaces(both);
    try {
      return await work();
    } finally {
      clearInterval(still);
      end.abort();
      await interfaces;
    }
  }

  private async deleteInterfaces(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (!(await this.deleteReleased())) return;
      await sleep(this.pause, undefined, { signal }).catch(() => undefined);
    }
  }

  /** @returns false where the credentials do not allow it, so that Lambda has to do it */
  private async deleteReleased(): Promise<boolean> {
    const { say } = this.around;
    try {
      const { deleted, left } = await this.interfaces.deleteReleased();
      this.left = left;
      for (const id of deleted) say(messages.interfaceDeleted({ id }));
      return true;
    } catch (error) {
      if (isDenied(error)) {
        say(messages.interfacesDenied({ reason: explain(error, this.config.id, this.config.region) }));
        this.left = 0;
      }
      // Another error, such as an expired session, ends the CLI too, which then tells it.
      return false;
    }
  }

  /** Waits until no interface of the functions is left. @returns false where they stay */
  private async released(): Promise<boolean> {
    const { signal } = this.around;
    const deadline = performance.now() + INTERFACE_TIMEOUT;
    while (performance.now() < deadline) {
      if (!(await untilAborted(signal, this.deleteReleased()))) return false;
      if (this.left === 0) return true;
      await sleep(this.pause, undefined, { signal });
    }
    return false;
  }

  /** Prints why a stack could not be deleted, and what uses the resource. */
  private async explain(
    cause: Cause | undefined,
    lines: readonly string[],
    remaining: readonly DeployedStack[],
  ): Promise<void> {
    const { config, around, stacks } = this;
    const { say } = around;
    if (cause === undefined) {
      const names = remaining.map(({ name, status }) => `${name} (${status})`);
      if (lines.length > 0) for (const line of cliFailure(lines, config, remaining)) say(line);
      else {
        say(messages.remains({ stacks: joined(names) }));
        say(deployMessages.again);
      }
      return;
    }
    say(deployMessages.failed({ ...cause }));
    const blocked = (await stacks.resources(cause.stack)).find(({ logicalId }) => logicalId === cause.resource);
    const users = blocked === undefined ? [] : await this.interfaces.usersOf(blocked.type, blocked.physicalId);
    if (users.length > 0) {
      const interfaces = users.map(({ id, status, description }) => `${id} (${status}, ${description})`);
      say(messages.blockedBy({ interfaces: joined(interfaces) }));
    }
    say(messages.wayOut);
  }
}

/** @returns the name of the stack of a part that is switched off. @throws if there is no such part, or if it is on */
function partOf(config: EnvironmentConfig, given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const found = OPTIONAL_PARTS.find(([, property]) => property === given);
  if (found === undefined) {
    throw new Failure(messages.unknownPart({ part: given, known: PARTS.join(', ') }));
  }
  const [name, property] = found;
  if (!hasPart(name, config)) return name;
  // The stack Operations has the budget, too.
  if (name === 'Operations' && alarmsOf(config) === undefined) {
    throw new Failure(messages.budgetIsOn({ id: config.id }));
  }
  const switchOff = property === 'kubernetes' ? messages.switchOffKubernetes : messages.switchOff({ part: property });
  throw new Failure(messages.partIsOn({ part: property, id: config.id, switchOff }));
}

/** @throws if a stack may not be deleted now */
function refuse(existing: readonly DeployedStack[], { region }: EnvironmentConfig): void {
  const kept = existing.filter(({ isProtected }) => isProtected).map(({ name }) => name);
  const [first] = kept;
  if (first !== undefined) throw new Failure(messages.protectedStacks({ stacks: joined(kept), first, region }));
  const busy = existing.find(({ status }) => /^(CREATE|UPDATE|ROLLBACK|UPDATE_ROLLBACK).*_IN_PROGRESS$/.test(status));
  if (busy !== undefined) throw new Failure(messages.inDeployment({ stack: busy.name, status: busy.status }));
}

function withoutStop({ en, ja }: Text): Text {
  return { en: en.replace(/\.$/, ''), ja: ja.replace(/。$/, '') };
}
