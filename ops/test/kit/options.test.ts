import { assignmentsOf, helpOf, optionsOf } from '../../kit/options';
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

test.each([
  [['environment=production'], '--environment sandbox and -c environment=production contradict each other. Give one'],
  [['region=b'], '--region a and -c region=b contradict each other. Give one of them.'],
  [['zones=x,y', 'zones=x,z'], '-c zones=x,y and -c zones=x,z contradict each other. Give one of them.'],
])('refuses values that contradict each other: -c %s', (given, message) => {
  expect(() => assignmentsOf(given, { environment: 'sandbox', region: 'a' })).toThrow(message);
});

test('accepts a value that is given twice, and values without a flag', () => {
  expect(assignmentsOf(['region=a', 'environment=sandbox'], { region: 'a' })).toEqual({
    region: 'a',
    environment: 'sandbox',
  });
});

test('names the flag of this command, not that of the CDK CLI', () => {
  expect(() => targetOf({ environment: 'staging' }, 'usage')).toThrow(
    '--environment: "staging" is not known. Give one of sandbox, production: --environment sandbox',
  );
  expect(() => targetOf({}, 'Usage: npm run verify')).toThrow('--environment is missing. Usage: npm run verify');
});

describe('the flags of a command', () => {
  const command = {
    name: 'npm run verify',
    usage: '-- --environment sandbox',
    about: { en: 'About.', ja: '説明。' },
    flags: {
      region: { form: '--region REGION', help: { en: 'a region', ja: 'リージョン' } },
      json: { form: '--json', help: { en: 'prints JSON', ja: 'JSON を出力する' } },
    },
  };
  const read = (...args: string[]) => {
    const before = process.argv;
    process.argv = ['node', 'verify.ts', ...args];
    try {
      return optionsOf(command, { region: { type: 'string' }, json: { type: 'boolean' } });
    } finally {
      process.argv = before;
    }
  };

  test('are read without --lang, which every command has', () => {
    expect(read('--lang', 'ja', '--region=eu-west-1', '--lang=en', '--json')).toEqual({
      region: 'eu-west-1',
      json: true,
    });
  });

  test('may have a value that looks like a flag after an equals sign', () => {
    expect(optionsOf('usage', { name: { type: 'string' } }, ['--name=-x'])).toEqual({ name: '-x' });
  });

  test.each([
    [['--twice'], '--twice is not a known flag. See the flags: npm run verify -- --help'],
    [['-x'], '-x is not a known flag. See the flags: npm run verify -- --help'],
    [['--constructor'], '--constructor is not a known flag. See the flags: npm run verify -- --help'],
    [['--region'], '--region needs a value. See the flags: npm run verify -- --help'],
    [['--region', ''], '--region needs a value. See the flags: npm run verify -- --help'],
    [['--region='], '--region needs a value. See the flags: npm run verify -- --help'],
    [['--region', 'eu-west-1', '--region', 'us-east-1'], '--region is given twice. Give it once.'],
    [['--region', '--json'], '--region needs a value. See the flags: npm run verify -- --help'],
    [['--json=yes'], '--json takes no value. See the flags: npm run verify -- --help'],
    [['twice'], '"twice" is not a flag. See the flags: npm run verify -- --help'],
    [['--lang', 'fr'], '--lang: must be en or ja, got "fr".'],
    [['--lang'], '--lang: must be en or ja, got "".'],
  ])('%s are refused in one line that names the flag', (args, message) => {
    expect(() => read(...args)).toThrow(message);
  });

  test.each(['a(', 'a b', 'us-eastt-1', '-x'])('name a region: "%s" is refused before AWS is asked', (value) => {
    expect(() => read(`--region=${value}`)).toThrow(
      `--region: must be the name of an AWS region, got "${value}". Write --region us-east-1, for example.`,
    );
    expect(() => optionsOf('usage', { 'from-region': { type: 'string' } }, [`--from-region=${value}`])).toThrow(
      `--from-region: must be the name of an AWS region, got "${value}". Write --from-region us-east-1, for example.`,
    );
  });

  test('are explained in a line for each, in the language of the output', () => {
    expect(helpOf(command).ja).toBe(
      [
        'npm run verify -- --environment sandbox',
        '',
        '説明。',
        '',
        'フラグ：',
        '  --region REGION  リージョン',
        '  --json           JSON を出力する',
        '  --lang en|ja     出力の言語。省略時は LC_ALL、LC_MESSAGES、LANG に従う',
        '  --help           このヘルプを表示する',
      ].join('\n'),
    );
  });
});

test('a command without a help shows its usage for an unknown flag', () => {
  const before = process.argv;
  process.argv = ['node', 'prove.ts', '--twice'];
  expect(() => optionsOf('Usage: npm run kubernetes:prove', {})).toThrow(
    '--twice is not a known flag. Usage: npm run kubernetes:prove',
  );
  process.argv = before;
});
