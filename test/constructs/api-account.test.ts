import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { ApiAccount } from '../../lib/constructs/api-account';

function synthesize(): Template {
  const stack = new Stack(new App(), 'Test');
  new ApiAccount(stack, 'ApiAccount');
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

test('gives the role no name, so that one which stayed is not in the way of the next', () => {
  synthesize().hasResourceProperties('AWS::IAM::Role', { RoleName: Match.absent() });
});
