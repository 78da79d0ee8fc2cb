import { contextOf } from '../../local/context';

test('takes context in the form of the CDK CLI, none by default', () => {
  expect(contextOf()).toEqual({});
  expect(contextOf(['capacity=both', 'zones=us-east-1a,us-east-1b', 'environment=local'])).toEqual({
    capacity: 'both',
    zones: 'us-east-1a,us-east-1b',
    environment: 'local',
  });
  expect(contextOf(['aws:x=a=b'])).toEqual({ 'aws:x': 'a=b' });
});

test.each([
  ['capacity', '-c: must be key=value, got "capacity". Write -c capacity=ec2, for example.'],
  ['capacity=ecs', 'capacity: "ecs" is not known. Give one of fargate, ec2, both: -c capacity=ec2'],
  ['capacity=', 'capacity: "" is not known'],
  ['capcity=ec2', 'context: "capcity" is not known. Give -c with one of environment, region,'],
  [
    'imageDigest=sha256:0',
    `imageDigest: environment local has sha256:${'0'.repeat(64)} for the history service, got sha256:0.`,
  ],
  ['environment=sandbox', 'environment: npm start deploys to local, got "sandbox". Leave it out, or deploy to AWS:'],
  ['region=eu-west-1', 'region: npm start deploys to us-east-1, got "eu-west-1". Leave it out, or deploy to AWS:'],
])('refuses %s as the app would', (given, message) => {
  expect(() => contextOf([given])).toThrow(message);
});
