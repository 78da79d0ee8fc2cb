import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as codebuild from 'aws-cdk-lib/aws-codebuild';
import { BuildAlarms } from '../../lib/constructs/build-alarms';

function synthesize(): Template {
  const stack = new Stack(new App(), 'Test');
  const project = new codebuild.Project(stack, 'Project', {
    buildSpec: codebuild.BuildSpec.fromObject({ version: '0.2' }),
  });
  const { alarms } = new BuildAlarms(stack, 'Alarms', { project });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::CloudWatch::Alarm', alarms.length);
  return template;
}

const template = synthesize();

test('goes off when a build of the project failed, and is over without another failed build', () => {
  const [project] = Object.keys(template.findResources('AWS::CodeBuild::Project'));
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'AWS/CodeBuild',
    MetricName: 'FailedBuilds',
    Dimensions: [{ Name: 'ProjectName', Value: { Ref: project } }],
    Statistic: 'Sum',
    Period: 300,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    EvaluationPeriods: 1,
    TreatMissingData: 'notBreaching',
    AlarmDescription: Match.stringLikeRegexp('build of an image failed.*First look: '),
  });
});
