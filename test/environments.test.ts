import { readFileSync } from 'node:fs';
import { environmentOf } from '../lib/context';
import { environments } from '../lib/environments';

/** Sentences about the hours of a week with more provisioned concurrency, with the page that has the sentence. */
const HOURS: readonly (readonly [string, (hours: number) => string])[] = [
  ['0011-provisioned-concurrency-on-an-alias.md', (hours) => `${hours} of the 168 hours of a week`],
  ['0011-provisioned-concurrency-on-an-alias.ja.md', (hours) => `1 週間の 168 時間のうち ${hours} 時間`],
];

test.each(Object.entries(environments))(
  '%s can be deployed as it is, except for a digest of its image',
  (id, { region }) => {
    const config = environmentOf({ environment: id });
    expect(config).toMatchObject({ id, region });
    expect(config.availabilityZones.length).toBeGreaterThan(1);
  },
);

test.each(HOURS)(
  '%s names the hours of a week in which production raises its provisioned concurrency',
  (page, sentence) => {
    const { schedules = [], min } = environments.production.function.provisionedConcurrency ?? { min: 0 };
    const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
    const changes = schedules.flatMap(({ cron, min: capacity }) => {
      const [, minute, hour, first = '', last = ''] = /^cron\((\d+) (\d+) \? \* (\w+)-(\w+) \*\)$/.exec(cron) ?? [];
      return days
        .slice(days.indexOf(first), days.indexOf(last) + 1)
        .map((day) => ({ hour: days.indexOf(day) * 24 + Number(hour) + Number(minute) / 60, capacity }));
    });
    const inOrder = changes.toSorted((a, b) => a.hour - b.hour);
    const hours = inOrder.map(({ hour, capacity }, index) => {
      const end = inOrder[index + 1]?.hour ?? (inOrder[0]?.hour ?? 0) + 168;
      return capacity > min ? end - hour : 0;
    });
    const raisedHours = hours.reduce((sum, each) => sum + each, 0);
    expect(readFileSync(`docs/decisions/${page}`, 'utf8')).toContain(sentence(raisedHours));
  },
);
