import type { DeployedStack, Stacks } from '../deploy/stacks';
import { joined, type Text } from '../kit/language';
import { messages } from './messages';

/** Resources that hold data, and how to name them. Log groups are too many to name. */
const NAMED: Readonly<Record<string, (values: { readonly name: string }) => Text>> = {
  'AWS::DynamoDB::Table': messages.table,
  'AWS::DynamoDB::GlobalTable': messages.table,
  'AWS::ECR::Repository': messages.repository,
  'AWS::S3::Bucket': messages.bucket,
  'AWS::KMS::Key': messages.key,
};
const LOGS = 'AWS::Logs::LogGroup';

/** Lines about the data that goes with the stacks, and about what the templates retain. */
export async function losses(stacks: Stacks, deployed: readonly DeployedStack[]): Promise<Text[]> {
  const all = await Promise.all(
    deployed.map(async ({ name }) => {
      const [resources, retained] = await Promise.all([stacks.resources(name), stacks.retained(name)]);
      return resources
        .filter(({ status, physicalId }) => status !== 'DELETE_COMPLETE' && physicalId !== '')
        .map((resource) => ({ ...resource, isRetained: retained.has(resource.logicalId) }));
    }),
  );
  const resources = all.flat();
  const named = (isRetained: boolean) =>
    resources.flatMap((each) => {
      const text = NAMED[each.type];
      return text !== undefined && each.isRetained === isRetained ? [text({ name: each.physicalId })] : [];
    });
  const logs = (isRetained: boolean) =>
    resources.filter((each) => each.type === LOGS && each.isRetained === isRetained).length;
  const [lost, kept, lostLogs, keptLogs] = [named(false), named(true), logs(false), logs(true)];
  return [
    ...(lost.length > 0 ? [messages.lost({ resources: joined(lost) })] : []),
    ...(lostLogs > 0 ? [messages.lostLogs({ number: lostLogs })] : []),
    ...(lost.length + lostLogs === 0 ? [messages.nothingLost] : []),
    ...(kept.length > 0 ? [messages.kept({ resources: joined(kept) })] : []),
    ...(keptLogs > 0 ? [messages.keptLogs({ number: keptLogs })] : []),
  ];
}
