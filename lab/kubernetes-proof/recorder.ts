import { setTimeout as sleep } from 'node:timers/promises';
import { Terminal } from '../kit/terminal';
import { Row } from './table';

/** A future row of the table: the claim, and the work that returns the observation. */
export interface Step {
  readonly step: string;
  readonly proves: string;
  /** @throws with the reason, if the claim is false */
  readonly work: () => string | Promise<string>;
}

/** The reason why a claim cannot be checked here, which is neither a pass nor a failure. */
export class NotProven extends Error {}

/** The control plane has ended, so no further step can run. */
export class Lost extends Error {
  static readonly REASON = 'The control plane is gone: ';
}

/** Runs steps one after the other. After a failed step the others run, unless the control plane has ended. */
export class Recorder {
  readonly rows: Row[] = [];
  private readonly lost: Promise<never>;

  /** @param ended resolves to the reason when the control plane ends; omitted for steps without a control plane */
  constructor(
    private readonly say: Terminal,
    ended: Promise<string> = new Promise(() => undefined),
  ) {
    this.lost = ended.then((reason) => {
      throw new Lost(`${Lost.REASON}${reason}`);
    });
    // The control plane may end while no step waits for it.
    this.lost.catch(() => undefined);
  }

  /** Runs a step and adds its row. @throws Lost if the control plane has ended */
  async step({ step, proves, work }: Step): Promise<void> {
    const from = performance.now();
    const milliseconds = () => performance.now() - from;
    this.say.status(`${step}: ${proves}`);
    try {
      const result = await Promise.race([work(), this.lost]);
      this.rows.push({ name: step, proves, result, milliseconds: milliseconds(), verdict: 'pass' });
      this.say.step(step, result, from);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      const verdict = error instanceof NotProven ? 'not proven here' : 'FAIL';
      this.rows.push({ name: step, proves, result: '', milliseconds: milliseconds(), verdict, detail });
      this.say.step(step, verdict, from);
      if (error instanceof Lost) throw error;
    }
  }
}

/** Asks four times a second until there is an answer. @throws after the given seconds, with the missing state */
export async function until<T>(state: string, seconds: number, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + seconds * 1_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`No ${state} within ${seconds} s.`);
    await sleep(250);
  }
}
