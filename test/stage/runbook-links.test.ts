import { sectionOf } from '../../lib/runbook-links';
import { alarmsIn, resourcesOf, stageOf, synthesized } from '../support/stage';
import { variants } from '../support/variants';

const isAlarmType = (type: string) => /^AWS::CloudWatch::(Composite)?Alarm$/.test(type);

describe.each(Object.entries(variants()))('%s', (_, config) => {
  test('the description of each alarm ends with its runbook and has at most 1024 characters', () => {
    const base = config.runbookUrl === undefined ? 'docs/runbooks/' : 'https://wiki.example.com/kumiki/';
    for (const [stack, id, { Type, Properties }] of resourcesOf(synthesized(config))) {
      if (!isAlarmType(Type)) continue;
      const description = String(Properties?.['AlarmDescription']);
      expect(`${stack} ${id}: ${description}`).toMatch(/First look: .+ Runbook: \S+\/[a-z0-9-]+\.md#[a-z0-9-]+$/);
      expect(description).toContain(` Runbook: ${base}`);
      expect(description.length).toBeLessThanOrEqual(1_024);
    }
  });
});

test('no two kinds of alarms have the same part of a runbook', () => {
  const sections = new Map<string, string>();
  for (const config of Object.values(variants())) {
    for (const alarm of alarmsIn(stageOf(config))) {
      const { page, anchor } = sectionOf(alarm) ?? {};
      const maker = alarm.node.scope?.constructor.name === 'Construct' ? 'group' : alarm.node.scope?.constructor.name;
      const kind = maker === 'group' ? 'UsersAffected' : `${maker}`;
      const section = `${page}#${anchor}`;
      expect(sections.get(section) ?? kind).toBe(kind);
      sections.set(section, kind);
    }
  }
  expect(sections.size).toBeGreaterThan(5);
});
