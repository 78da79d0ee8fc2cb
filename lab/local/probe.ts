import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  ValidateTemplateCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { Row } from '../tour/table';
import { StandIn, standIns } from './stand-ins';

/** What the endpoint can be asked about: it accepts every custom resource, and would fail in the function that makes it. */
const asked = standIns.filter(({ type }) => type.startsWith('AWS::'));

/** Asks the endpoint whether it still refuses everything that has a stand-in, custom resources apart. */
export async function standInsRow(region: string): Promise<Row> {
  const client = new CloudFormationClient({ region });
  const from = performance.now();
  const [refused, accepted] = await Promise.all([
    refusedTypes(client),
    Promise.all(asked.map(async (standIn) => (standIn.only ? [await creates(client, standIn)] : []))),
  ]);
  const notNeeded = asked.filter(({ type, only }, index) => (only ? accepted[index]?.[0] : !refused.includes(type)));
  return {
    name: 'cloudformation validate-template',
    proves: 'every stand-in is still needed',
    result: `${asked.length - notNeeded.length}/${asked.length}`,
    milliseconds: performance.now() - from,
    verdict: notNeeded.length === 0 ? 'pass' : 'FAIL',
    detail:
      notNeeded.length === 0
        ? undefined
        : `accepted by now, remove from lab/local/stand-ins.ts: ${notNeeded.map(({ type }) => type).join(', ')}`,
  };
}

/** All types in one template; the endpoint names those that it does not know, as CloudFormation does. */
async function refusedTypes(client: CloudFormationClient): Promise<string[]> {
  const resources = asked.map(({ type }, index) => [`R${index}`, { Type: type }]);
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

/** Whether a throwaway stack with the example comes up. */
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
