import { setTimeout as sleep } from 'node:timers/promises';
import { Terminal } from '../kit/terminal';
import { Row } from './table';

/** A row of the table that is to be: what it proves, and the work that says what was seen. */
export interface Step {
  readonly step: string;
  readonly proves: string;
  /** @throws with the reason, if it is not so */
  readonly work: () => string | Promise<string>;
}

/** Why something cannot be told here: neither a pass nor a failure. */
export class NotTold extends Error {}

/** The control plane has ended: nothing more can be asked of it. */
export class Lost extends Error {
  static readonly REASON = 'The control plane is gone: ';
}

/** Runs steps, one after the other; one that fails leaves the others to be tried, unless the control plane is gone. */
export class Recorder {
  readonly rows: Row[] = [];
  private readonly lost: Promise<never>;

  /** @param ended fulfilled with the reason when the control plane ends; left out where none is asked */
  constructor(
    private readonly say: Terminal,
    ended: Promise<string> = new Promise(() => undefined),
  ) {
    this.lost = ended.then((reason) => {
      throw new Lost(`${Lost.REASON}${reason}`);
    });
    // It may end where nobody waits for it.
    this.lost.catch(() => undefined);
  }

  /** @throws Lost, after its row */
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
      const verdict = error instanceof NotTold ? 'not proven here' : 'FAIL';
      this.rows.push({ name: step, proves, result: '', milliseconds: milliseconds(), verdict, detail });
      this.say.step(step, verdict, from);
      if (error instanceof Lost) throw error;
    }
  }
}

/** Asks four times a second. @throws after so many seconds, with what did not come */
export async function until<T>(what: string, seconds: number, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + seconds * 1_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`No ${what} within ${seconds} s.`);
    await sleep(250);
  }
}
