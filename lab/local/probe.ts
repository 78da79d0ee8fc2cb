import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  ValidateTemplateCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { joined } from '../../ops/kit/language';
import { Row } from '../tour/table';
import { messages } from './messages';
import { StandIn, standIns } from './stand-ins';

/** Stand-ins that can be checked. The endpoint accepts every custom resource and fails only in the function behind it. */
const checked = standIns.filter(({ type }) => type.startsWith('AWS::'));

/** Asks the endpoint whether it still refuses all types with a stand-in, except custom resources. */
export async function standInsRow(region: string): Promise<Row> {
  const client = new CloudFormationClient({ region });
  const from = performance.now();
  const [refused, accepted] = await Promise.all([
    refusedTypes(client),
    Promise.all(checked.map(async (standIn) => (standIn.only ? [await creates(client, standIn)] : []))),
  ]);
  const notNeeded = checked.filter(({ type, only }, index) => (only ? accepted[index]?.[0] : !refused.includes(type)));
  return {
    name: 'cloudformation validate-template',
    proves: messages.standInsNeeded,
    result: `${checked.length - notNeeded.length}/${checked.length}`,
    milliseconds: performance.now() - from,
    verdict: notNeeded.length === 0 ? 'pass' : 'FAIL',
    detail:
      notNeeded.length === 0
        ? undefined
        : messages.standInsNotNeeded({ types: joined(notNeeded.map(({ type }) => type)) }),
  };
}

/** Validates one template with all types. The endpoint names the unknown types, as CloudFormation does. */
async function refusedTypes(client: CloudFormationClient): Promise<string[]> {
  const resources = checked.map(({ type }, index) => [`R${index}`, { Type: type }]);
  try {
    await client.send(new ValidateTemplateCommand({ TemplateBody: template(Object.fromEntries(resources)) }));
    return [];
  } catch (error) {
    // Template format error: Unrecognized resource types: [AWS::EC2::EIP, …]
    const list = /Unrecognized resource types: \[([^\]]*)\]/.exec(error instanceof Error ? error.message : '')?.[1];
    if (list === undefined) throw error;
    return list.split(', ');
  }
}

/** Tells whether the endpoint creates a temporary stack with the example. */
async function creates(client: CloudFormationClient, { type, only }: StandIn): Promise<boolean> {
  const StackName = `Kumiki-probe-${type.replaceAll('::', '-')}`;
  const TemplateBody = template({ Probe: { Type: type, Properties: only?.example } });
  try {
    await client.send(new CreateStackCommand({ StackName, TemplateBody }));
    await waitUntilStackCreateComplete({ client, minDelay: 1, maxWaitTime: 30 }, { StackName });
    return true;
  } catch {
    return false;
  } finally {
    await client.send(new DeleteStackCommand({ StackName }));
  }
}

function template(resources: Record<string, unknown>): string {
  return JSON.stringify({ Resources: resources });
}
