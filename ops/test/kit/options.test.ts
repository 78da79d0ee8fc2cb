import { optionsOf } from '../../kit/options';
import { targetOf } from '../../kit/target';

delete process.env['AWS_ENDPOINT_URL'];

test('needs no zones to read what is deployed in a region', () => {
  expect(targetOf({ environment: 'sandbox', region: 'mx-central-1' }, 'usage').region).toBe('mx-central-1');
});

test('takes the context of the CDK CLI, and the zones in lib/zones.ts', () => {
  expect(targetOf({ environment: 'sandbox' }, 'usage', { kubernetes: 'true' }).kubernetes).toBeDefined();
  expect(targetOf({}, 'usage', { environment: 'sandbox', region: 'eu-west-1' }).region).toBe('eu-west-1');
  expect(targetOf({ environment: 'sandbox', region: 'ap-northeast-1' }, 'usage').availabilityZones).toEqual([
    'ap-northeast-1a',
    'ap-northeast-1c',
  ]);
  const given = { region: 'us-east-1', zones: 'us-east-1d,us-east-1f' };
  expect(targetOf({ environment: 'sandbox' }, 'usage', given).availabilityZones).toEqual(['us-east-1d', 'us-east-1f']);
});

test('names the flag of this command, not that of the CDK CLI', () => {
  expect(() => targetOf({ environment: 'staging' }, 'usage')).toThrow(
    '--environment: "staging" is not known. Give one of sandbox, production: --environment sandbox',
  );
  expect(() => targetOf({}, 'Usage: npm run verify')).toThrow('--environment is missing. Usage: npm run verify');
});

test('prints the usage for an unknown flag', () => {
  const before = process.argv;
  process.argv = ['node', 'verify.ts', '--twice'];
  expect(() => optionsOf('Usage: npm run verify', {})).toThrow("Unknown option '--twice'\nUsage: npm run verify");
  process.argv = before;
});
