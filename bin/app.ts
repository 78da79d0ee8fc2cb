import { App, Aspects } from 'aws-cdk-lib';
import { environment } from '../lib/environments';
import { ReferenceStage } from '../lib/reference-stage';
import { containerContext, functionCode } from '../lib/sources';
import { StandIns } from '../local/stand-ins';

/** The account of every AWS-compatible endpoint on one's own machine. */
const LOCAL_ACCOUNT = '000000000000';

try {
  const app = new App();
  const config = environment(app.node.tryGetContext('environment') ?? 'sandbox', {
    region: app.node.tryGetContext('region'),
    zones: app.node.tryGetContext('zones'),
    imageDigest: app.node.tryGetContext('imageDigest'),
    endpointUrl: process.env.AWS_ENDPOINT_URL,
  });
  // Set by the CDK CLI when there are credentials; a synth without any is welcome.
  const account = process.env.CDK_DEFAULT_ACCOUNT;
  const expected = config.account ?? (account === LOCAL_ACCOUNT ? 'a real account' : account);
  if (account !== undefined && account !== expected) {
    throw new Error(
      `account: environment ${config.id} deploys to ${expected}, but the credentials are of ${account}. ` +
        'Unset AWS_ENDPOINT_URL, choose other credentials, or give -c environment=local',
    );
  }
  const stage = new ReferenceStage(app, config.id, {
    config,
    quotesCode: functionCode('lambda/quotes/index.ts'),
    containerDirectory: containerContext(),
  });
  if (config.endpoint) Aspects.of(stage).add(new StandIns());
} catch (error) {
  console.error(error instanceof Error && !process.env.DEBUG ? error.message : error);
  process.exitCode = 1;
}
