import { fixtureOf } from '../support/fixture';
import { resourcesOf, stageOf, synthesized } from '../support/stage';
import { variants } from '../support/variants';

const RELEASED = 'with releases that go back';
const released = variants()[RELEASED] ?? fixtureOf('trial');

const ofType = (config: typeof released, type: string) =>
  resourcesOf(synthesized(config)).filter(([, , { Type }]) => Type === type);

describe.each(Object.entries(variants()))('%s', (_, config) => {
  const steps = config.function.release;

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

test('refuses a release without alarms', () => {
  expect(() => stageOf({ ...released, alarms: false })).toThrow(
    'function.release: needs alarms on which a release goes back, got alarms: false. Leave alarms out, or leave release out.',
  );
});
