import { fixtureOf } from '../support/fixture';
import { resourcesOf, stageOf, synthesized } from '../support/stage';
import { variants } from '../support/variants';

const RELEASED = 'with releases that go back';
const released = variants()[RELEASED] ?? fixtureOf('trial');

const ofType = (config: typeof released, type: string) =>
  resourcesOf(synthesized(config)).filter(([, , { Type }]) => Type === type);

describe.each(Object.entries(variants()))('%s', (_, config) => {
  const steps = config.function.release;
  const inSteps = config.services.filter(({ release }) => release !== undefined);

  test('a container service has a second target group, and keeps the weights of its rule, only if it is released in steps', () => {
    const ofServices = ofType(config, 'AWS::ElasticLoadBalancingV2::TargetGroup').filter(([stack]) =>
      stack.startsWith('Containers'),
    );
    const kinds = Object.values(config.capacity).filter((kind) => kind !== undefined).length;
    expect(ofServices.length).toBe(kinds * config.services.length + inSteps.length);
    expect(ofType(config, 'Custom::KeptWeights').length).toBe(inSteps.length);
    const strategies = ofType(config, 'AWS::ECS::Service').map(
      ([, , { Properties }]) => Object(Properties?.['DeploymentConfiguration'])['Strategy'],
    );
    expect(strategies.filter((strategy) => strategy !== undefined).length).toBe(inSteps.length);
  });

  test('CodeDeploy is in the templates only if the function is released in steps', () => {
    const count = steps ? 1 : 0;
    expect(ofType(config, 'AWS::CodeDeploy::Application').length).toBe(count);
    expect(ofType(config, 'AWS::CodeDeploy::DeploymentGroup').length).toBe(count);
  });

  test('old versions of the function stay only if a release can go back to them', () => {
    const versions = ofType(config, 'AWS::Lambda::Version').filter(([stack]) => stack === 'Function');
    expect(versions.map(([, , { DeletionPolicy }]) => DeletionPolicy)).toEqual([
      steps ? 'RetainExceptOnCreate' : 'Delete',
    ]);
  });

  test('a deployment waits for the pods only on request', () => {
    const waits = ofType(config, 'Custom::AWSCDK-EKS-KubernetesObjectValue');
    const minutes = config.kubernetes?.service.rolloutMinutes;
    expect(waits.map(([, , { Properties }]) => Properties?.['TimeoutSeconds'])).toEqual(minutes ? [60 * minutes] : []);
  });

  test('only the alias that the APIs invoke moves in steps', () => {
    const moved = ofType(config, 'AWS::Lambda::Alias').filter(([, , alias]) => 'UpdatePolicy' in alias);
    expect(moved.map(([, , { Properties }]) => Properties?.['Name'])).toEqual(steps ? ['live'] : []);
  });
});

test('a release goes back on the errors of the new version and on the slowest requests', () => {
  const groups = ofType(released, 'AWS::CodeDeploy::DeploymentGroup');
  expect(groups.map(([, , { Properties }]) => JSON.stringify(Properties?.['AlarmConfiguration'])).join()).toMatch(
    /^\{"Alarms":\[\{"Name":\{"Ref":"ReleaseNewVersionErrors\w+"\}\},\{"Name":\{"Ref":"AlarmsDuration\w+"\}\}\],"Enabled":true\}$/,
  );
});

describe('a container service', () => {
  const name = 'with container services released in steps';
  const config = variants()[name] ?? fixtureOf('trial');
  const [history] = config.services;
  if (history === undefined) throw new Error('The fixture must have a service.');
  const withRelease = (release: unknown): typeof config => ({
    ...config,
    services: [{ ...history, ...({ release } as object) }],
  });

  const inContainers = (given: typeof config, type: string) =>
    ofType(given, type)
      .filter(([stack]) => stack.startsWith('Containers'))
      .map(([, id, { Properties = {} }]) => ({ id, properties: Properties }));

  test('has the weights in its rule that the rule has at the time of a deployment, each for its target group', () => {
    const kept = inContainers(config, 'Custom::KeptWeights');
    const actions = inContainers(config, 'AWS::ElasticLoadBalancingV2::ListenerRule').map(({ properties }) =>
      JSON.stringify(properties['Actions']),
    );
    expect(kept).toHaveLength(2);
    for (const { id, properties } of kept) {
      const [first = '', second = ''] = [properties['TargetGroupArns']].flat().map((arn) => JSON.stringify(arn));
      expect([first, second].map((group) => group.includes('AlternateTargetGroup'))).toEqual([false, true]);
      const weighted = (group: string, name: string) =>
        `{"TargetGroupArn":${group},"Weight":{"Fn::GetAtt":["${id}","${name}"]}}`;
      expect(actions.join()).toContain(`[${weighted(first, 'First')},${weighted(second, 'Second')}]`);
    }
  });

  test('reads the weights again when its routes change, and those of other services do not', () => {
    const more: typeof config = {
      ...config,
      services: config.services.map((each) =>
        each.name === 'reports'
          ? { ...each, routes: [...(each.routes ?? []), { path: '/more/{id}', query: [] }] }
          : each,
      ),
    };
    const [before = [], after = []] = [config, more].map((given) =>
      inContainers(given, 'Custom::KeptWeights').map(({ properties }) => properties['Rule']),
    );
    expect(before.map((rule, index) => rule === after[index])).toEqual([true, false]);
  });

  test('has an output for each of its target groups', () => {
    const outputs = synthesized(config)['Containers']?.toJSON().Outputs;
    expect(outputs.TargetGroupArn.Value).toEqual({ Ref: expect.stringMatching(/^HistoryTargetGroup/) });
    expect(outputs.AlternateTargetGroupArn.Value).toEqual({
      Ref: expect.stringMatching(/^HistoryAlternateTargetGroup/),
    });
    expect(outputs.ReportsAlternateTargetGroupArn.Value).toEqual({
      Ref: expect.stringMatching(/^ReportsAlternateTargetGroup/),
    });
  });

  test.each([
    [
      { ...config, alarms: false as const },
      'services.history.release: needs alarms on which a release goes back, got alarms: false.',
    ],
    [
      { ...config, sleep: { timeZone: 'Asia/Tokyo', from: '20:00', until: '08:00' } },
      'services.history.release: cannot sleep, because waking waits for tasks in one target group, got sleep.',
    ],
    [
      { ...config, capacity: fixtureOf('trial', { capacity: 'both' }).capacity },
      'services.history.release: must have one kind of capacity, got fargate and ec2.',
    ],
    [
      withRelease({ kind: 'bluegreen' }),
      'services.history.release.kind: must be one of rolling, blueGreen, canary, linear, got "bluegreen".',
    ],
    [
      withRelease({ kind: 'canary', minutes: 0 }),
      'services.history.release.minutes: must be a whole number from 1 to 1440, got 0.',
    ],
  ])('is refused if it could not be released, as in %#', (given, message) => {
    expect(() => stageOf(given)).toThrow(message);
  });

  test('may have two target groups without alarms while it is not released in steps', () => {
    expect(() => stageOf({ ...withRelease({ kind: 'rolling' }), alarms: false })).not.toThrow();
  });
});

test('refuses a release without alarms', () => {
  expect(() => stageOf({ ...released, alarms: false })).toThrow(
    'function.release: needs alarms on which a release goes back, got alarms: false. Leave alarms out, or leave release out.',
  );
});
