import { optionsOf } from '../../kit/options';
import { targetOf } from '../../kit/target';

delete process.env['AWS_ENDPOINT_URL'];

test('needs no zones to ask a region for what is deployed', () => {
  expect(targetOf({ environment: 'sandbox', region: 'mx-central-1' }, 'usage').region).toBe('mx-central-1');
});

test('takes what the CDK CLI would be told, and the zones that are on file', () => {
  expect(targetOf({ environment: 'sandbox' }, 'usage', { kubernetes: 'true' }).kubernetes).toBeDefined();
  expect(targetOf({}, 'usage', { environment: 'sandbox', region: 'eu-west-1' }).region).toBe('eu-west-1');
  expect(targetOf({ environment: 'sandbox', region: 'ap-northeast-1' }, 'usage').availabilityZones).toEqual([
    'ap-northeast-1a',
    'ap-northeast-1c',
  ]);
  const given = { region: 'us-east-1', zones: 'us-east-1d,us-east-1f' };
  expect(targetOf({ environment: 'sandbox' }, 'usage', given).availabilityZones).toEqual(['us-east-1d', 'us-east-1f']);
});

test('says how a flag is given, not how the CDK CLI is told', () => {
  expect(() => targetOf({ environment: 'staging' }, 'usage')).toThrow(
    '--environment: "staging" is not known. Give one of sandbox, production: --environment sandbox',
  );
  expect(() => targetOf({}, 'Usage: npm run verify')).toThrow('--environment is missing. Usage: npm run verify');
});

test('gives the usage with a flag that is not known', () => {
  const before = process.argv;
  process.argv = ['node', 'verify.ts', '--twice'];
  expect(() => optionsOf('Usage: npm run verify', {})).toThrow("Unknown option '--twice'\nUsage: npm run verify");
  process.argv = before;
});
