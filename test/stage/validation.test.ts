import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CloudFormationValidatePlugin, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { acknowledgements, ruleId } from '../../lib/acknowledgements';
import { EnvironmentConfig } from '../../lib/environment-config';
import { ReferenceStage } from '../../lib/reference-stage';
import { FunctionBundles } from '../../lib/sources';
import { fixtureOf, service, withEgress, withFurther } from '../support/fixture';
import { configOf, context } from '../support/stage';

interface Violation {
  readonly ruleName: string;
  readonly violatingConstructs: readonly { readonly constructPath: string }[];
  readonly acknowledgedId?: string;
  readonly reason?: string;
}

interface Report {
  readonly pluginReports: readonly {
    readonly pluginName: string;
    readonly violations: readonly Violation[];
    readonly suppressedViolations?: readonly Violation[];
  }[];
}

const further = [service('reports', 110), service('archive', 1_000)];
/** Environments with three services each. Every option that an acknowledgement concerns is on at least once. */
const fixtures = [
  withFurther(fixtureOf('trial', { kubernetes: 'true' }), further),
  withOtherOptions(withFurther(fixtureOf('lasting', { capacity: 'both' }), further)),
];

/** Validates all environments in one app, because loading the rules takes longer than applying them. */
function validate(): Report {
  const outdir = mkdtempSync(join(tmpdir(), 'kumiki-validation-'));
  const app = new App({
    context: { ...context, 'aws:cdk:bundling-stacks': [] },
    analyticsReporting: false,
    outdir,
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new CloudFormationValidatePlugin());
  for (const config of [...fixtures, configOf('sandbox'), configOf('production')]) {
    const bundles = new FunctionBundles();
    new ReferenceStage(app, config.id, {
      config,
      quotesCode: bundles.code('lambda/quotes/index.ts'),
      sessionsCode: bundles.code('lambda/sessions/index.ts'),
      tickerCode: bundles.code('lambda/ticker/index.ts'),
      containerDirectory: () => 'container',
    });
  }
  // With findings, synth() prints them and fails. The tests read the findings from the report instead.
  const { error } = console;
  console.error = () => {};
  try {
    app.synth();
  } catch (failure) {
    if (!existsSync(join(outdir, 'validation-report.json'))) throw failure;
  } finally {
    console.error = error;
  }
  process.exitCode = undefined;
  const report = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8'));
  rmSync(outdir, { recursive: true });
  return report;
}

/** Switches on the options that both fixtures have off. */
function withOtherOptions({ restApi, ...config }: EnvironmentConfig): EnvironmentConfig {
  return {
    ...config,
    network: withEgress({ mode: 'nat-instance' }),
    observability: 'basic',
    notifications: {
      page: { endpoints: ['https://events.example.com/page'] },
      notice: { emails: ['team@example.com'], slack: { workspaceId: 'T0123ABCD', channelId: 'C0123ABCD' } },
    },
    budget: { monthlyUsd: 150 },
    sleep: { timeZone: 'Asia/Tokyo', from: '20:00', until: '08:00' },
    loadBalancer: {
      ...config.loadBalancer,
      https: { certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/x', hostName: 'quotes.example.com' },
    },
    function: { ...config.function, release: { kind: 'canary', minutes: 10 } },
    restApi: { ...restApi, cache: undefined },
    httpApi: {
      throttle: { rate: 50, burst: 100 },
      cors: { origins: ['https://app.example.com'] },
      jwt: { issuer: 'https://issuer.example.com', audience: ['quotes'] },
      domain: {
        name: 'api.example.com',
        certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-0000-0000-000000000000',
      },
      disableDefaultEndpoint: true,
    },
  };
}

const { pluginReports } = validate();

test('the validation applies the rules of cdk-nag and the checks of CloudFormation [P10, P11]', () => {
  expect(pluginReports.map(({ pluginName }) => pluginName).sort()).toEqual(['AwsSolutions', 'CloudFormation Validate']);
});

test('every environment passes all rules without a warning [P10, P11]', () => {
  expect(pluginReports.flatMap(({ violations }) => violations.flatMap(findings))).toEqual([]);
});

test('every acknowledgement suppresses a finding and has a reason [P10]', () => {
  const suppressed = pluginReports.flatMap(({ suppressedViolations }) => suppressedViolations ?? []);
  const used = new Set(suppressed.map(({ acknowledgedId, reason }) => `${acknowledgedId}: ${reason}`));
  const unneeded = acknowledgements.flatMap(({ rules, reason }) =>
    rules.filter((rule) => fixtures.every(({ id, region }) => !used.has(`${ruleId(rule, id, region)}: ${reason}`))),
  );
  expect(unneeded).toEqual([]);
  expect(acknowledgements.filter(({ reason }) => reason.length < 40)).toEqual([]);
});

function findings({ ruleName, violatingConstructs }: Violation): string[] {
  return violatingConstructs.map(({ constructPath }) => `${ruleName} at ${constructPath}`);
}
