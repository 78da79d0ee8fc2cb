import { joined, type Text } from '../kit/language';
import { messages } from './messages';
import { expectedTime } from './parts';

/** Milliseconds between two lines about parts that take long. */
const STILL_INTERVAL = 60_000;

/** Time since `from`, in minutes and seconds. */
export function elapsed(from: number, now = performance.now()): Text {
  const all = Math.round((now - from) / 1_000);
  const [minutes, seconds] = [Math.floor(all / 60), all % 60];
  return minutes === 0 ? messages.seconds({ seconds }) : messages.minutes({ minutes, seconds });
}

/**
 * Reads the lines of `cdk deploy` and prints a line where a part begins and ends, and one every minute about those that take
 * long.
 */
export class Progress {
  private count = 0;
  private deletes = false;
  private readonly begun = new Map<string, number>();
  /** Parts whose change set the CLI has requested and not begun to execute. */
  private readonly prepared = new Set<string>();
  /** Lines about parts that have begun. A part without changes needs none. */
  private readonly waiting = new Map<string, Text>();
  private readonly resources = new Map<string, string>();
  /** Resources that an update could not delete, with their types. An update attempts each deletion three times. */
  readonly notDeleted = new Map<string, string>();
  private readonly from = performance.now();
  private readonly timer = setInterval(() => this.still(), STILL_INTERVAL);

  constructor(
    private readonly say: (text: Text) => void,
    /** Whether the REST API has a cache, and the number of stacks to deploy. */
    private readonly plan: { readonly cached: boolean; readonly number: number },
  ) {
    this.timer.unref();
  }

  readonly onLine = (line: string): void => {
    // Kumiki-sandbox-Network: creating CloudFormation changeset...
    const [, prepares] = /^Kumiki-[\w-]+-(\w+): creating CloudFormation changeset/.exec(line) ?? [];
    if (prepares !== undefined && !this.begun.has(prepares)) this.prepared.add(prepares);
    // sandbox/Network (Kumiki-sandbox-Network): deploying... [2/8]
    const [, begins] = /-(\w+)\): deploying\.\.\. \[\d+\/\d+\]/.exec(line) ?? [];
    if (begins !== undefined) {
      // The CLI also counts stacks without resources, which it does not deploy.
      this.count += 1;
      this.prepared.delete(begins);
      const [number, all] = [this.count, this.plan.number];
      this.begun.set(begins, performance.now());
      const time = expectedTime(begins, this.plan.cached) ?? messages.noTime;
      this.waiting.set(begins, messages.begins({ part: begins, number, all, time }));
    }
    // Kumiki-sandbox-Network |  3/12 | 10:12:13 PM | CREATE_COMPLETE | AWS::EC2::VPC | …
    const [, stack, done] = /^Kumiki-[\w-]+-(\w+) \|\s*(\d+\/\d+) \|/.exec(line) ?? [];
    if (stack !== undefined && done !== undefined) {
      this.resources.set(stack, done);
      const text = this.waiting.get(stack);
      if (text !== undefined) this.say(text);
      this.waiting.delete(stack);
    }
    // Kumiki-sandbox-Containers | 3/12 | 10:12:13 PM | DELETE_FAILED (skipped) | AWS::CloudWatch::Alarm | AlarmsSilent1 (this …
    const [, verdict, type = '', resource = ''] =
      /\| DELETE_(FAILED|COMPLETE)[^|]*\| ([\w:]+) *\| (\S+)/.exec(line) ?? [];
    if (verdict === 'FAILED') this.notDeleted.set(resource, type);
    else if (verdict !== undefined) this.notDeleted.delete(resource);
    // sandbox/HttpApi: stack has no resources, deleting existing stack.
    const [, deleted] = /(\w+)(?: \([\w-]+\))?: stack has no resources, deleting/.exec(line) ?? [];
    if (deleted !== undefined) {
      this.deletes = true;
      this.say(messages.deleting({ part: deleted }));
    }
    //  ✅  sandbox/Network (Kumiki-sandbox-Network)
    const [, ended, rest = ''] = /✅\s+\S+ \(Kumiki-[\w-]+-(\w+)\)(.*)/.exec(line) ?? [];
    if (ended === undefined) return;
    const from = this.begun.get(ended) ?? this.from;
    this.begun.delete(ended);
    this.waiting.delete(ended);
    this.say(
      rest.includes('no changes')
        ? messages.unchanged({ part: ended })
        : messages.ended({ part: ended, elapsed: elapsed(from) }),
    );
  };

  /** Parts that have not begun, and whose change set the CLI has requested. */
  get preparing(): string[] {
    return [...this.prepared];
  }

  /** Parts that have begun and not ended. */
  get underWay(): string[] {
    return [...this.begun.keys()];
  }

  /** Whether the CLI has begun with any part. */
  get hasBegun(): boolean {
    return this.count > 0 || this.deletes;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private still(): void {
    if (this.begun.size === 0) return;
    const parts = [...this.begun.keys()].map((part) => `${part} ${this.resources.get(part) ?? ''}`.trim());
    this.say(messages.still({ elapsed: elapsed(this.from), parts: joined(parts) }));
  }
}
