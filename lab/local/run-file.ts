import { join } from 'node:path';
import { Failure, type Text } from '../../ops/kit/language';
import { folders } from '../kit/folders';
import { ownerOf, release, take, update } from '../kit/processes/lock';
import type { ProcessIdentity } from '../kit/processes/running';
import { Context } from './context';
import { messages } from './messages';

/** Lock of the running `npm start`. */
export const runFile = join(folders.state, 'run.json');
/** Lock of the running `npm run deploy:local`. */
export const redeployFile = join(folders.state, 'redeploy.json');

/** A running `npm start`, as other commands need to know it. */
export interface Run extends ProcessIdentity {
  /** Unset until the endpoint answers. */
  readonly endpoint?: string;
  /** Context of the environment local, for commands that deploy into it. */
  readonly context?: Context;
  /** Process group of the emulator, if `npm start` started one. */
  readonly emulator?: number;
  /** Digest of the bundle that the container service runs; unset until the service runs. */
  readonly service?: string;
  /** Tells whether the service is a target of the current deployment. A deployment unsets it, `npm start` sets it. */
  readonly registered?: boolean;
  /** Set once everything has been deployed. */
  readonly ready?: boolean;
  /** The reason why the container service could not be registered or restarted. */
  readonly problem?: Text;
}

/** The run that holds the file; undefined if no running process holds it. */
export function readRun(file: string): Run | undefined {
  return ownerOf(file);
}

/**
 * Takes the file for this process, also from a process that has ended.
 *
 * @param refusal the message for the case that another process is running
 * @throws if another process is running
 */
export function claimRun(file: string, refusal: (other: Run) => Text = runningAlready): void {
  const other: Run | undefined = take(file);
  if (other !== undefined) throw new Failure(refusal(other));
}

function runningAlready({ endpoint, pid }: Run): Text {
  return messages.runningAlready({ where: endpoint === undefined ? '' : messages.at({ endpoint }), pid });
}

export function updateRun(file: string, change: Omit<Run, keyof ProcessIdentity>): void {
  update(file, change);
}

/** Releases the file if this process holds it. */
export function releaseRun(file: string): void {
  release(file);
}
