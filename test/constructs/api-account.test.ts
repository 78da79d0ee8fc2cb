import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { ApiAccount, ApiAccountProps } from '../../lib/constructs/api-account';

function synthesize(props?: (stack: Stack) => ApiAccountProps): Template {
  const stack = new Stack(new App(), 'Test');
  new ApiAccount(stack, 'ApiAccount', props?.(stack));
  return Template.fromStack(stack);
}

test('points the account setting at a role that API Gateway can assume', () => {
  const template = synthesize();
  template.hasResourceProperties('AWS::IAM::Role', {
    AssumeRolePolicyDocument: Match.objectLike({
      Statement: [Match.objectLike({ Principal: { Service: 'apigateway.amazonaws.com' } })],
    }),
  });
  template.hasResourceProperties('AWS::ApiGateway::Account', {
    CloudWatchRoleArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('ApiAccountRole'), 'Arn'] },
  });
});

test('keeps role and setting, because other APIs of the account log through them', () => {
  const template = synthesize();
  for (const type of ['AWS::IAM::Role', 'AWS::ApiGateway::Account']) {
    // Not RetainExceptOnCreate: a create that fails has changed the setting, too.
    template.hasResource(type, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  }
});

test('gives the role no name, so that a retained role does not collide with the next one', () => {
  synthesize().hasResourceProperties('AWS::IAM::Role', { RoleName: Match.absent() });
});

test('points the account setting at the role that it is given, and leaves that role as it is', () => {
  const arn = 'arn:aws:iam::111122223333:role/ApiLogs';
  const template = synthesize((stack) => ({ role: iam.Role.fromRoleArn(stack, 'Own', arn) }));
  template.hasResourceProperties('AWS::ApiGateway::Account', { CloudWatchRoleArn: arn });
  template.resourceCountIs('AWS::IAM::Role', 0);
  template.resourceCountIs('AWS::IAM::Policy', 0);
});
