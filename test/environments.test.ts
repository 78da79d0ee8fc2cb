import { readFileSync } from 'node:fs';
import { environmentOf } from '../lib/context';
import { environments } from '../lib/environments';

const DECISION = 'docs/decisions/0011-provisioned-concurrency-on-an-alias.md';

test.each(Object.entries(environments))(
  '%s has everything that it needs to be deployed but a digest',
  (id, { region }) => {
    const config = environmentOf({ environment: id });
    expect(config).toMatchObject({ id, region });
    expect(config.availabilityZones.length).toBeGreaterThan(1);
  },
);

test(`${DECISION} has the hours of the week in which production holds its provisioned concurrency`, () => {
  const { schedules = [], min } = environments.production.function.provisionedConcurrency ?? { min: 0 };
  const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
  const changes = schedules.flatMap(({ cron, min: from }) => {
    const [, minute, hour, first = '', last = ''] = /^cron\((\d+) (\d+) \? \* (\w+)-(\w+) \*\)$/.exec(cron) ?? [];
    return days
      .slice(days.indexOf(first), days.indexOf(last) + 1)
      .map((day) => ({ at: days.indexOf(day) * 24 + Number(hour) + Number(minute) / 60, from }));
  });
  const inOrder = changes.toSorted((a, b) => a.at - b.at);
  const hours = inOrder.map(({ at, from }, index) => {
    const next = inOrder[index + 1]?.at ?? (inOrder[0]?.at ?? 0) + 168;
    return from > min ? next - at : 0;
  });
  const held = hours.reduce((sum, each) => sum + each, 0);
  expect(readFileSync(DECISION, 'utf8')).toContain(`${held} of the 168 hours of a week`);
});
